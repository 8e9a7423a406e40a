"""Persistent connections, each used by one thread at a time."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from urllib.parse import urlsplit

from runtime.errors import WeChatUnavailable, WeChatUnreachable

CONNECT_SECONDS = 2.0

TRUSTED_SECONDS = 15.0
"""How long a connection may have been idle: Function Compute freezes an instance
between requests, and its connections may die meanwhile without notice."""

_MOST_IDLE = 32

Idle = defaultdict[str, deque[tuple[float, socket.socket]]]


class Connections:
    """Idle connections by origin, the one used last in front."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._idle: Idle = defaultdict(deque)
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def lent(
        self, origin: str, *, seconds: float, once: bool = False
    ) -> Iterator[socket.socket]:
        """Lend an open connection to `scheme://host`, and close it after an error.

        With `once` it is a new one, and closed in any case.
        One that its user has closed is not lent again. WeChatUnreachable if no
        connection can be made.
        """
        known = None if once else self._trusted(origin)
        connection = known or self._opened(origin, seconds)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if once:
            connection.close()
        self._keep(origin, connection)

    def _trusted(self, origin: str) -> socket.socket | None:
        while True:
            with self._lock:
                if not self._idle[origin]:
                    return None
                since, connection = self._idle[origin].popleft()
            if self._clock() - since <= TRUSTED_SECONDS and _is_quiet(connection):
                return connection
            connection.close()

    def _opened(self, origin: str, seconds: float) -> socket.socket:
        try:
            return self._connected(origin, min(seconds, CONNECT_SECONDS))
        # The errors' own texts hold the host: from None.
        except ssl.SSLError:
            raise WeChatUnavailable from None
        except OSError:
            raise WeChatUnreachable from None

    def _connected(self, origin: str, seconds: float) -> socket.socket:
        parts = urlsplit(origin)
        tls = parts.scheme == "https"
        address = parts.hostname, parts.port or (443 if tls else 80)
        connection = socket.create_connection(address, seconds)
        # A body follows its head at once, not after the head's acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not tls:
            return connection
        return self._trust.wrap_socket(connection, server_hostname=parts.hostname)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _keep(self, origin: str, connection: socket.socket) -> None:
        if connection.fileno() < 0:  # closed by its user
            return
        with self._lock:
            idle = self._idle[origin]
            idle.appendleft((self._clock(), connection))
            spare = idle.pop()[1] if len(idle) > _MOST_IDLE else None
        if spare:
            spare.close()


def _is_quiet(connection: socket.socket) -> bool:
    # No answer is due: what can be read is the end, or bytes of nobody's request.
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return not poll.poll(0)


def _close(idle: Idle) -> None:
    for connections in idle.values():
        for _, connection in connections:
            connection.close()
