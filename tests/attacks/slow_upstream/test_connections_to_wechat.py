"""Connections to WeChat: as many as calls in flight, and kept for the next burst."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.end_to_end.raw_host import OK, TOKEN, USERS, RawHost, get
from tests.support.raw_server import RawServer, read_head

CALLS = 60
BURSTS = 4


class SlowWeChat(RawServer):
    """Answers a burst when all of its calls have come, so that each needs its own."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Barrier(CALLS)
        self.is_held = False

    def converse(self, connection, reader):
        while head := read_head(reader):
            if b"/cgi-bin/stable_token" in head.splitlines()[0]:
                connection.sendall(TOKEN)
                return
            if self.is_held:
                self.gate.wait(30)
            connection.sendall(OK)


def test_a_burst_needs_no_new_connection(tmp_path, shared_redis):
    """The ones of the first burst are kept for the next ones."""
    shared_redis.empty()
    wechat = SlowWeChat()
    with (
        RawHost(tmp_path, shared_redis.url, wechat=wechat) as host,
        ThreadPoolExecutor(CALLS) as callers,
    ):
        host.wechat.answers = [OK]
        host.begin()
        wechat.is_held = True
        before = wechat.connections
        text = get(f"{USERS}?access_token={host.token}").encode()
        for _ in range(BURSTS):
            answers = list(callers.map(lambda _: host.ask(text), range(CALLS)))
            assert all(each.endswith(b'"errmsg":"ok"}') for each in answers)

        # One was there from the start; some may come while one is on its way back.
        assert CALLS - 1 <= wechat.connections - before <= CALLS + BURSTS
