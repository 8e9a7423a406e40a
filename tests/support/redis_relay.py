"""A TCP proxy in front of a Redis: it cuts connections, loses answers, fails over."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class RedisRelay:
    """One address for a Redis.

    `cut` drops a connection at its next command, and `swallow` after it: the command
    runs and its answer is lost. `port` is where new connections lead.
    """

    def __init__(self, port):
        self.port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.cut = False
        self.swallow = False
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def _relay(self, near):
        with near, socket.create_connection(("127.0.0.1", self.port)) as far:
            back = threading.Thread(target=self._copy_back, args=(far, near))
            back.start()
            with suppress(OSError):
                while (data := near.recv(65536)) and not self.cut:
                    far.sendall(data)
            self.cut = False
            with suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)
            back.join()

    def _copy_back(self, far, near):
        with suppress(OSError):
            while data := far.recv(65536):
                if self.swallow:
                    self.swallow = False
                    near.shutdown(socket.SHUT_RDWR)
                    return
                near.sendall(data)
