"""Forward proxy by which WeChat is reached, and whose address WeChat then sees.

Every connection is a tunnel that the proxy opens upon CONNECT; TLS ends at WeChat, so
the proxy sees the host and no call. Until it has answered 200, nothing of a call has
left.
"""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from runtime.errors import ForwardProxyFailed, WeChatUnavailable
from runtime.upstream.http1 import Incoming, read_head

_WANTS_A_USER = "it wants a user and a password, or others than WECHAT_PROXY_URL has"

_STATUSES = {
    401: _WANTS_A_USER,
    407: _WANTS_A_USER,
    403: "its rules do not allow this host or port",
    405: "it does not know CONNECT",
    502: "it cannot reach WeChat",
    503: "it cannot reach WeChat",
    504: "it cannot reach WeChat in time",
}

log = logging.getLogger("gateway.upstream")


@dataclass(frozen=True, slots=True)
class ForwardProxy:
    """The proxy of WECHAT_PROXY_URL; `name` is its URL without user and password."""

    host: str
    port: int
    name: str
    authorization: str = field(default="", repr=False)

    def open_tunnel(
        self, connection: socket.socket, target: str, remaining: Callable[[], float]
    ) -> None:
        """Let this connection to the proxy lead to `host:port`; ForwardProxyFailed."""
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: Basic {self.authorization}")
        try:
            connection.settimeout(remaining())
            connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
            incoming = Incoming(connection, remaining=remaining)
            status = read_head(incoming).status
        except TimeoutError:
            raise self.failed("did not answer in time") from None
        except (OSError, WeChatUnavailable):
            raise self.failed("is no HTTP proxy, or has hung up") from None
        if status != 200:
            reason = _STATUSES.get(status, "it refuses the tunnel")
            raise self.failed(f"answered {status} to CONNECT {target}: {reason}")
        if not incoming.is_empty:
            raise self.failed("sent more than an answer to CONNECT")

    def failed(self, reason: str) -> ForwardProxyFailed:
        """Return the error for this reason, and log it."""
        log.warning("the proxy %s (WECHAT_PROXY_URL) %s", self.name, reason)
        return ForwardProxyFailed(f"the proxy {self.name} (WECHAT_PROXY_URL) {reason}")

    def check(self, *, seconds: float = 2.0) -> None:
        """Raise OSError if the proxy takes no connection; nothing is asked of it."""
        socket.create_connection((self.host, self.port), seconds).close()


def forward_proxy(url: str) -> ForwardProxy | None:
    """Return the proxy of `http://[user:password@]host:port`, None without a URL."""
    if not url:
        return None
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = base64.b64encode(pair.encode()).decode()
    name = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return ForwardProxy(host, port, name, authorization)
