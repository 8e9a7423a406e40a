"""One deadline for the name, all addresses and all hosts of a connection."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from runtime.errors import WeChatUnreachable
from runtime.upstream.connections import Connections
from runtime.wechat.api import WeChat

LONG = 10.0
"""Seconds: far more than the deadline, far less than without one."""


def lend(connections, *, seconds):
    connections.lend("http://wechat", seconds=seconds)


def test_a_resolver_that_hangs():
    """It is left behind."""
    released = threading.Event()

    def resolve(host, port):
        released.wait(60)
        return []

    with pytest.raises(WeChatUnreachable):
        lend(Connections(time.monotonic, resolve=resolve), seconds=0.2)

    assert not released.is_set()
    released.set()


def test_many_addresses_that_hang():
    """They share the deadline; the last one is tried, too."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:  # what does not fit into the backlog hangs
            each.setblocking(False)
            each.connect_ex(address)
        each = (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
        connections = Connections(time.monotonic, resolve=lambda *_: [each] * 100)
        began = time.monotonic()
        with pytest.raises(WeChatUnreachable):
            lend(connections, seconds=0.5)

        assert time.monotonic() - began < LONG
        for each in waiting:
            each.close()


def test_the_second_address_is_reached():
    """Though the first refuses."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()
    with socket.create_server(("127.0.0.1", 0)) as server:
        ways = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
            for address in (nobody, server.getsockname())
        ]
        connections = Connections(time.monotonic, resolve=lambda *_: ways)
        lent = connections.lend("http://wechat", seconds=5.0)
        assert lent.socket.getpeername() == server.getsockname()
        lent.close()


def test_all_hosts_share_the_deadline():
    """Another host gets what the one before has left."""
    now, given = [0.0], []

    def transport(method, url, *, seconds, **_):
        given.append(seconds)
        now[0] += 2.0
        raise WeChatUnreachable

    wechat = WeChat("https://api", transport, seconds=5, clock=lambda: now[0])
    with pytest.raises(WeChatUnreachable):
        wechat.send("GET", "/x", hosts=("a", "b", "c", "d"))

    assert [5.0, 3.0, 1.0] == given
