"""Kept-alive connections to WeChat's hosts, each lent to one thread at a time."""

from __future__ import annotations

import select
import ssl
import threading
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection, HTTPSConnection

from runtime.errors import WeChatUnavailable, WeChatUnreachable

CONNECT_SECONDS = 2.0

TRUSTED_SECONDS = 15.0
"""How long a connection may have been idle: FC freezes an instance between requests,
and what it had open may die meanwhile without a word."""

_KEPT = 32

Idle = defaultdict[str, deque[tuple[float, HTTPConnection]]]


class Connections:
    """Idle connections by origin, the last used in front."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._idle: Idle = defaultdict(deque)
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def lent(self, origin: str, *, seconds: float) -> Iterator[HTTPConnection]:
        """Lend an open connection to `scheme://host`; after an error it is closed.

        WeChatUnreachable where none comes about.
        """
        connection = self._trusted(origin) or self._opened(origin, seconds)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._keep(origin, connection)

    def _trusted(self, origin: str) -> HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle[origin]:
                    return None
                since, connection = self._idle[origin].popleft()
            if self._clock() - since <= TRUSTED_SECONDS and _is_quiet(connection):
                return connection
            connection.close()

    def _opened(self, origin: str, seconds: float) -> HTTPConnection:
        connection = self._made(origin, min(seconds, CONNECT_SECONDS))
        try:
            connection.connect()
        # The errors' own texts hold the address: from None.
        except ssl.SSLError:
            raise WeChatUnavailable from None
        except OSError:
            raise WeChatUnreachable from None
        return connection

    def _made(self, origin: str, seconds: float) -> HTTPConnection:
        scheme, _, host = origin.partition("://")
        if scheme == "http":
            return HTTPConnection(host, timeout=seconds)
        return HTTPSConnection(host, timeout=seconds, context=self._trust)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _keep(self, origin: str, connection: HTTPConnection) -> None:
        if connection.sock is None:  # the answer said that it was the last one
            return
        with self._lock:
            idle = self._idle[origin]
            idle.appendleft((self._clock(), connection))
            spare = idle.pop()[1] if len(idle) > _KEPT else None
        if spare:
            spare.close()


def _is_quiet(connection: HTTPConnection) -> bool:
    # Nothing is due on it: what can be read is its end, or not ours.
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)


def _close(idle: Idle) -> None:
    for connections in idle.values():
        for _, connection in connections:
            connection.close()
