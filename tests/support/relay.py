"""A relay in front of a Redis or another server, which misbehaves as a network does."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress


class Relay:
    """One address for the server on `port`, to which new connections lead.

    `log` holds what each round trip asked; a pipeline is one, and so is what greets on
    a new connection. `begin` counts from one again, and can swallow the answer of a
    round trip: it is lost with its connection, though the server has done the work.
    `cut` drops a connection at its next request, and `is_down` every one. `seconds`
    delays every answer.
    """

    def __init__(self, port):
        self.port = port
        self.connections = 0
        self.cut = self.is_down = False
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.begin()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        """Return the URL of a Redis."""
        return f"redis://{self.address}/0"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def begin(self, *, swallow=None):
        """Count from one again; swallow the answer of the round trip of this number."""
        with self._lock:
            self.log, self._swallow, self.swallowed = [], swallow, False

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def _relay(self, near):
        begins, is_swallowed = True, False
        far_end = ("127.0.0.1", self.port)
        with near, suppress(OSError), socket.create_connection(far_end) as far:
            while True:
                ready, _, _ = select.select([near, far], [], [])
                if near in ready:
                    data = near.recv(1 << 20)
                    if self.cut or self.is_down or not data:
                        self.cut = self.cut and not data
                        return
                    if begins:
                        is_swallowed = self._count(data)
                    begins = False
                    far.sendall(data)
                if far in ready:
                    data = far.recv(1 << 20)
                    if is_swallowed or not data:
                        return
                    if not begins:
                        time.sleep(self.seconds)
                    begins = True
                    near.sendall(data)

    def _count(self, data):
        """Note what begins a round trip; tell whether its answer is swallowed."""
        with self._lock:
            self.log.append(bytes(data))
            is_hit = len(self.log) == self._swallow
            self.swallowed = self.swallowed or is_hit
            return is_hit
