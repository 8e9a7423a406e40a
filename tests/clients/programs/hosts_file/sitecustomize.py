"""A hosts file for Python: WeChat's host is the gateway on this machine."""

import os
import socket

WECHAT = "api.weixin.qq.com"

_getaddrinfo = socket.getaddrinfo


def _looked_up(host, port, *more, **named):
    if host == WECHAT:
        host, port = "127.0.0.1", os.environ["WECHAT_PORT"]
    return _getaddrinfo(host, port, *more, **named)


socket.getaddrinfo = _looked_up
