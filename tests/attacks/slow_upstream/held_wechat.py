"""A WeChat that gives out tokens and holds every other answer until it is released."""

from __future__ import annotations

import threading

from tests.end_to_end.raw_host import OK, TOKEN
from tests.support.raw_server import RawServer, read_head


class HeldWeChat(RawServer):
    """`held` has the head of each request that waits, or has waited, for its answer."""

    def __init__(self):
        super().__init__()
        self.held = []
        self._released = threading.Event()

    def release(self):
        self._released.set()

    def converse(self, connection, reader):
        while head := read_head(reader):
            if b"/cgi-bin/stable_token" in head.splitlines()[0]:
                connection.sendall(TOKEN)
                return  # without a byte of its body: nobody asks twice
            self.held.append(head.decode("latin-1"))
            self._released.wait(120)
            connection.sendall(OK)
