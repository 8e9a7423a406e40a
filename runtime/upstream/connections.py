"""Persistent connections, each used by one thread at a time.

Every connection is kept after its call, so that as many are open as calls were in
flight within the last seconds. The caller limits those calls.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runtime.errors import WeChatUnavailable, WeChatUnreachable

if TYPE_CHECKING:
    from runtime.upstream.forward_proxy import ForwardProxy

CONNECT_SECONDS = 5.0
"""For the name, all addresses of the host and TLS together."""

ADDRESS_SECONDS = 2.0
"""For one address, and less where others have to share what is left."""

TRUSTED_SECONDS = 15.0
"""How long a connection may be idle, and is kept: Function Compute freezes an instance
between requests, and its connections may die meanwhile without notice."""

_FEW_IDLE = 8
"""So many idle connections may wait for the next call before they are closed; more of
them are closed by a thread. Function Compute never has as many."""

Address = tuple[Any, ...]
Resolve = Callable[[str, int], list[tuple[Any, ...]]]
Idle = defaultdict[str, deque[tuple[float, socket.socket]]]


class Connections:
    """Idle connections by origin, the one used last in front.

    With a `proxy` each is a tunnel through it.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        resolve: Resolve | None = None,
        sleep: Callable[[float], None] = time.sleep,
        proxy: ForwardProxy | None = None,
    ) -> None:
        self._clock = clock
        self._proxy = proxy
        self._sleep = sleep
        self._resolve = resolve or addresses_of
        self._idle: Idle = defaultdict(deque)
        self._lock = threading.Lock()
        self._is_closing = False
        weakref.finalize(self, _close, self._idle)

    def lend(self, origin: str, *, seconds: float, once: bool = False) -> Lent:
        """Return an open connection to `scheme://host`, with `once` a new one.

        WeChatUnreachable if no connection can be made.
        """
        known = None if once else self._trusted(origin)
        opened = known or self._opened(origin, seconds)
        return Lent(opened, _close_used if once else partial(self._keep, origin))

    @property
    def idle(self) -> int:
        """Return how many connections are idle."""
        return sum(map(len, self._idle.values()))

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
        host = parts.hostname or ""
        if self._proxy:
            connection = self._tunnel(self._proxy, host, port, until)
        else:
            connection = self._to_any(host, port, until)
        connection.settimeout(self._left(until))
        # A body follows its head at once, not after the head's acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not tls:
            return connection
        return self._trust.wrap_socket(connection, server_hostname=parts.hostname)

    def _tunnel(
        self, proxy: ForwardProxy, host: str, port: int, until: float
    ) -> socket.socket:
        try:
            connection = self._to_any(proxy.host, proxy.port, until)
        except OSError:
            raise proxy.failed("takes no connection") from None
        target = f"{f'[{host}]' if ':' in host else host}:{port}"
        try:
            proxy.open_tunnel(connection, target, lambda: self._left(until))
        except BaseException:
            connection.close()
            raise
        return connection

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
        faults: list[Exception] = []

        def resolve() -> None:
            try:
                answers.append(self._resolve(host, port))
            except Exception as fault:
                faults.append(fault)

        thread = threading.Thread(target=resolve, daemon=True)
        thread.start()
        thread.join(self._left(until))
        if faults:
            raise faults[0]
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
        with self._lock:
            self._idle[origin].appendleft((self._clock(), connection))
            stale = self._take_stale()
            starts = self.idle > _FEW_IDLE and not self._is_closing
            self._is_closing = self._is_closing or starts
        for each in stale:
            each.close()
        if starts:
            threading.Thread(target=self._close_idle, daemon=True).start()

    def _take_stale(self) -> list[socket.socket]:
        """Take out the connections that are idle for too long; the lock is held."""
        oldest, stale = self._clock() - TRUSTED_SECONDS, []
        for connections in self._idle.values():
            while connections and connections[-1][0] < oldest:
                stale.append(connections.pop()[1])
        return stale

    def _close_idle(self) -> None:
        """Close connections in time although no call comes, until few are left."""
        while self._is_closing:
            self._sleep(TRUSTED_SECONDS / 5)
            with self._lock:
                stale = self._take_stale()
                self._is_closing = self.idle > _FEW_IDLE
            for each in stale:
                each.close()


class Lent:
    """A connection in use, until it is given back or closed."""

    def __init__(
        self, connection: socket.socket, on_return: Callable[[socket.socket], None]
    ) -> None:
        self.socket = connection
        self._on_return = on_return

    def give_back(self) -> None:
        """Keep the connection for the next call, if it may be kept."""
        self._on_return(self.socket)

    def close(self) -> None:
        """Close the connection; only for the thread that uses it."""
        self.socket.close()

    def interrupt(self) -> None:
        """Wake the thread that waits for the next byte; it closes the connection."""
        with suppress(OSError):
            # Not TLS' own, which would change what the other thread is using.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


def _close_used(connection: socket.socket) -> None:
    connection.close()


def addresses_of(host: str, port: int) -> list[Address]:
    """Return what the system's resolver knows of a host; OSError if nothing."""
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
