"""A proxy in front of a Redis: it counts round trips, and can swallow one answer."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress


class RedisProxy:
    """Passes commands on to `port`; a pipeline is one round trip.

    With `swallow` set to a number, Redis runs the commands of that round trip, the
    first of which is 1, and its answer is lost with the connection. `log` holds what
    each round trip asked, those that greet on a new connection too.
    """

    def __init__(self, port):
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.swallow = None
        self.swallowed = False
        self.log = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def begin(self, *, swallow=None):
        """Count from one again."""
        with self._lock:
            self.log, self.swallow, self.swallowed = [], swallow, False

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def _relay(self, near):
        asks, is_swallowed = True, False
        with near, socket.create_connection(self._target) as far, suppress(OSError):
            while True:
                ready, _, _ = select.select([near, far], [], [])
                if near in ready:
                    data = near.recv(1 << 20)
                    if not data:
                        return
                    if asks:
                        is_swallowed = self._count(data)
                    asks = False
                    far.sendall(data)
                if far in ready:
                    data = far.recv(1 << 20)
                    if not data or is_swallowed:
                        return
                    asks = True
                    near.sendall(data)

    def _count(self, data):
        """Note what begins a round trip; tell whether its answer is swallowed."""
        with self._lock:
            self.log.append(bytes(data))
            hit = len(self.log) == self.swallow
            self.swallowed = self.swallowed or hit
            return hit
