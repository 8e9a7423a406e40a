"""Connections that are kept: as many as calls were in flight, for some seconds."""

from __future__ import annotations

import threading

import pytest

from runtime.upstream.connections import TRUSTED_SECONDS, Connections
from tests.support.local_hosts import eventually
from tests.support.raw_server import RawServer


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def use(connections, server, number):
    """Use so many connections at once."""
    lent = [connections.lend(server.url, seconds=5.0) for _ in range(number)]
    for each in lent:
        each.give_back()


def test_a_later_burst_needs_no_new_connection():
    """However many calls the first one had."""
    connections = Connections(Clock(), sleep=lambda _: threading.Event().wait(60))
    with RawServer() as server:
        for _ in range(3):
            use(connections, server, 100)
            assert 100 == connections.idle

        eventually(lambda: server.connections >= 100)

    assert 100 == server.connections


def test_what_is_no_longer_needed_is_closed():
    """With the next call, those that have been idle for too long."""
    clock = Clock()
    connections = Connections(clock, sleep=lambda _: threading.Event().wait(60))
    with RawServer() as server:
        use(connections, server, 20)
        for _ in range(4):
            clock.now += TRUSTED_SECONDS / 3
            use(connections, server, 2)

        eventually(lambda: server.connections >= 20)
        assert 2 == connections.idle
        assert 20 == server.connections


@pytest.mark.parametrize(("number", "left"), [(8, 8), (9, 0)])
def test_without_a_call_a_thread_closes_them(number, left):
    """Few are left to the next call, which is all that a frozen process can do."""
    clock, slept = Clock(), threading.Event()

    def sleep(seconds):
        assert 0 < seconds < TRUSTED_SECONDS
        clock.now += TRUSTED_SECONDS + 1
        slept.set()

    connections = Connections(clock, sleep=sleep)
    with RawServer() as server:
        use(connections, server, number)
        assert slept.wait(5 if left == 0 else 0.2) == (left == 0)
        eventually(lambda: connections.idle == left)


@pytest.mark.parametrize("once", [True, False])
def test_a_connection_for_one_call_is_not_kept(once):
    """Another call gets another connection."""
    connections = Connections(Clock())
    with RawServer() as server:
        connections.lend(server.url, seconds=5.0, once=once).give_back()

        assert connections.idle == (0 if once else 1)
