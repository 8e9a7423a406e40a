"""A whole host whose apps take pushes, and pushes to it as bytes on a socket."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from tests.end_to_end.raw_host import RawHost
from tests.support.message_service import next_nonce
from tests.support.pushes import AES_KEY, TOKEN, safe, text

ONE, OTHER = "wx" + "1" * 16, "wx" + "2" * 16
PLAIN = "wx" + "3" * 16
"""Two apps in safe mode, and one in plain mode."""


def pushed_host(folder, redis_url, *, routes=None, **settings):
    """Return a host whose apps have these routes, by appid."""
    more = {}
    for appid in (ONE, OTHER, PLAIN):
        content = {"kind": "service", "secret": "e" * 32, "token": TOKEN}
        if appid != PLAIN:
            content["encoding_aes_key"] = AES_KEY
        content["routes"] = (routes or {}).get(appid, [])
        more["apps", appid] = content
    settings = {"PUSH_PRIVATE_NETWORKS": "127.0.0.0/8", **settings}
    options = ("--development=false",)
    return RawHost(folder, redis_url, more=more, settings=settings, options=options)


def post(path, query, body, *headers, close=True):
    """Return the bytes of a request with this body."""
    lines = [
        f"POST {path}?{query} HTTP/1.1",
        "Host: a",
        f"Connection: {'close' if close else 'keep-alive'}",
        "Content-Type: text/xml",
        *(headers or (f"Content-Length: {len(body)}",)),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def request_for(message, *, appid=ONE, close=True, **more):
    """Return the bytes of a push in safe mode."""
    query, body = safe(message, appid=appid, **{"nonce": next_nonce(), **more})
    return post(f"/wechat_event/{appid}", query, body, close=close)


def status_of(answer):
    """Return the status of the first answer, 0 if there is none."""
    return int(answer[9:12]) if answer[:9] == b"HTTP/1.1 " else 0


def statuses_of(answers):
    """Return the status of each of the answers on one connection."""
    return [int(each[:3]) for each in answers.split(b"HTTP/1.1 ")[1:]]


def seconds_of(work):
    """Return how long it takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def push(host, number, *, appid=ONE, **more):
    """Send a text as WeChat does; return the status."""
    answer = host.ask(request_for(text(number), appid=appid, **more))
    return status_of(answer)


def cut(host, request, length):
    """Send the beginning of a request, and hang up."""
    with host.connect() as connection, suppress(OSError):
        connection.sendall(request[:length])
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        return b"".join(iter(lambda: connection.recv(65536), b""))
