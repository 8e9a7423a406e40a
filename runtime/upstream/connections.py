"""Persistent connections, each used by one thread at a time."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from runtime.errors import WeChatUnavailable, WeChatUnreachable

CONNECT_SECONDS = 5.0
"""For the name, all addresses of the host and TLS together."""

ADDRESS_SECONDS = 2.0
"""For one address, and less where others have to share what is left."""

TRUSTED_SECONDS = 15.0
"""How long a connection may have been idle: Function Compute freezes an instance
between requests, and its connections may die meanwhile without notice."""

_MOST_IDLE = 32

Address = tuple[Any, ...]
Resolve = Callable[[str, int], list[tuple[Any, ...]]]
Idle = defaultdict[str, deque[tuple[float, socket.socket]]]


class Connections:
    """Idle connections by origin, the one used last in front."""

    def __init__(
        self, clock: Callable[[], float], *, resolve: Resolve | None = None
    ) -> None:
        self._clock = clock
        self._resolve = resolve or _addresses
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
            raise WeChatUnavailable(nothing_sent=True) from None
        except OSError:
            raise WeChatUnreachable from None

    def _connected(self, origin: str, seconds: float) -> socket.socket:
        parts = urlsplit(origin)
        tls = parts.scheme == "https"
        until = self._clock() + seconds
        port = parts.port or (443 if tls else 80)
        connection = self._to_any(parts.hostname or "", port, until)
        connection.settimeout(self._left(until))
        # A body follows its head at once, not after the head's acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not tls:
            return connection
        return self._trust.wrap_socket(connection, server_hostname=parts.hostname)

    def _to_any(self, host: str, port: int, until: float) -> socket.socket:
        """Return a connection to the first address that takes one before then."""
        found = self._resolved(host, port, until)
        for place, (family, kind, protocol, _, address) in enumerate(found):
            share = self._left(until) / (len(found) - place)
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(min(share, ADDRESS_SECONDS))
            try:
                connection.connect(address)
            except OSError:
                connection.close()
            else:
                return connection
        raise ConnectionError

    def _resolved(self, host: str, port: int, until: float) -> list[Address]:
        # The system's resolver knows no deadline: a thread is left behind with it.
        answers: list[list[Address]] = []

        def resolve() -> None:
            with suppress(OSError):
                answers.append(self._resolve(host, port))

        thread = threading.Thread(target=resolve, daemon=True)
        thread.start()
        thread.join(self._left(until))
        return answers[0] if answers else []

    def _left(self, until: float) -> float:
        left = until - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

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


def _addresses(host: str, port: int) -> list[Address]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def _is_quiet(connection: socket.socket) -> bool:
    # No answer is due: what can be read is the end, or bytes of nobody's request.
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return not poll.poll(0)


def _close(idle: Idle) -> None:
    for connections in idle.values():
        for _, connection in connections:
            connection.close()
