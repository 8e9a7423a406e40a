"""Targets that are slow, dead, redirect, answer too much, or lead where they must not.

A copy goes the whole way: from WeChat's push by the queue and the relay to a socket.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from functions.deliver.index import deliver
from functions.wechat_event.index import handler
from runtime.gateway import Gateway
from runtime.push.relay import COPY_SECONDS
from runtime.upstream.address_rules import parse_networks
from runtime.upstream.outbound import Outbound
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.message_service import message_service, next_nonce, route_to
from tests.support.ports import free_port
from tests.support.pushes import AES_KEY, TOKEN, safe, text
from tests.support.scripted_wechat import SERVICE, change

LOOPBACK = "127.0.0.0/8"
numbers = itertools.count(1)
HUGE = 50_000_000


@pytest.fixture
def relaying(gateway, settings, clock):
    """A gateway that may call services of this machine."""
    clock.now = time.time()
    private = replace(settings, push_private_networks=(LOOPBACK,))
    return Gateway(private, clock=clock, transport=gateway.transport)


@pytest.fixture
def live():
    with message_service() as made:
        yield made


@pytest.fixture
def push(relaying):
    """Push a text of which each of these routes gets a copy."""

    def run(*routes):
        secrets = {"token": TOKEN, "encoding_aes_key": AES_KEY}
        change(relaying, "apps", SERVICE, routes=list(routes), **secrets)
        number = next(numbers)
        query, body = safe(text(number), nonce=next_nonce())
        path = f"/wechat_event/{SERVICE}"
        environ = make_environ_fc(method="POST", path=path, query=query, body=body)
        status, _, answer = call_wsgi(handler.with_gateway(relaying), environ)
        assert (200, b"success") == (status, answer)

    return run


class Hostile:
    """A server of one behaviour: `behave` gets each connection after its request."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/wx"
        self.connections = 0
        self.sent = 0


@contextmanager
def hostile(behave):
    listener = socket.create_server(("127.0.0.1", 0))
    made = Hostile(listener.getsockname()[1])

    def one(connection):
        with connection, suppress(OSError):
            connection.settimeout(15)
            connection.recv(65536)
            behave(made, connection)

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                made.connections += 1
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield made
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def says_nothing(target, connection):
    while connection.recv(65536):
        pass


def drips(target, connection):
    """A byte now and then, each within any timeout of a single read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.2)


def answers_much(target, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE)
    _pour(target, connection)


def answers_much_in_chunks(target, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.sendall(b"%x\r\n" % HUGE)
    _pour(target, connection)


def _pour(target, connection):
    while target.sent < HUGE:
        target.sent += connection.send(b"x" * 65536)


def answers_no_http(target, connection):
    connection.sendall(b"+PONG\r\n")


@pytest.mark.case(167)
@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (says_nothing, "timeout"),
        (drips, "timeout"),
        (answers_much, "too_large"),
        (answers_much_in_chunks, "too_large"),
        (answers_no_http, "no_http"),
    ],
)
def test_a_target_that_misbehaves(relaying, push, live, caplog, behave, reason):
    """It costs its own copy some seconds, and the copy of another target nothing."""
    with hostile(behave) as target:
        push(route_to(target, "bad"), route_to(live, "good"))
        arrived = threading.Event()
        live.answer = lambda message: arrived.set()
        began = time.monotonic()
        done = threading.Thread(target=deliver, args=(relaying,), daemon=True)
        done.start()
        assert arrived.wait(3)
        done.join(20)

    assert time.monotonic() - began < COPY_SECONDS + 3
    assert 1 == target.connections
    assert target.sent < 8_000_000
    assert 1 == len(live.messages)
    assert _reasons(caplog) == [reason]


def test_a_dead_target(relaying, push, live, caplog):
    dead = Hostile(free_port())
    push(route_to(dead, "bad"), route_to(live, "good"))
    deliver(relaying)

    assert 1 == len(live.messages)
    assert ["unreachable"] == _reasons(caplog)


def test_a_redirect_is_not_followed(relaying, push, live, caplog):
    """Nor is it an acknowledgement."""

    def redirects(target, connection):
        place = f"Location: {live.url}\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(b"HTTP/1.1 307 Moved\r\n" + place.encode())

    with hostile(redirects) as target:
        push(route_to(target, "bad"))
        deliver(relaying)

    assert ([], 0) == (live.messages, live.connections)
    assert ["status_307"] == _reasons(caplog)


FORBIDDEN = (
    "127.0.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "10.1.2.3",
    "0.0.0.0",  # noqa: S104 - nobody binds to it
    "::1",
    "fe80::1",
    "fd00:ec2::254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::6464:64c8",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
)


def resolves(*answers):
    """Return a resolver with one answer after the other, the last one for ever."""
    left = list(answers)

    def resolve(host, port):
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        where = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", where)]

    return resolve


@pytest.mark.case(186)
@pytest.mark.parametrize("replies", [False, True], ids=["copy", "reply"])
@pytest.mark.parametrize("address", FORBIDDEN)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_where_it_must_not(
    relaying, push, caplog, monkeypatch, scheme, address, replies
):
    """No connection is tried: neither to the address nor to what it carries."""
    tried = []
    monkeypatch.setattr(socket.socket, "connect", _noting(tried))
    relaying.outbound = Outbound(resolve=resolves(address))
    bad = Hostile(8080)
    bad.url = f"{scheme}://bot.example:8080/wx"
    push(route_to(bad, "bad", reply=replies))
    deliver(relaying)

    assert [] == [each for each in tried if each[1] == 8080]
    assert ["not_allowed"] == _reasons(caplog)


@pytest.mark.case(186)
def test_a_name_that_leads_elsewhere_the_second_time(relaying, push, caplog):
    """What was good a moment ago is checked again, and the checked one is called."""

    def answers_once(target, connection):
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\n"
        connection.sendall(head + b"success")

    relaying.outbound = Outbound(
        private=parse_networks(LOOPBACK), resolve=resolves("127.0.0.1", "10.1.2.3")
    )
    with hostile(answers_once) as target:
        target.url = target.url.replace("127.0.0.1", "bot.example")
        for _ in range(2):
            push(route_to(target, "bad"))
            deliver(relaying)

    assert 1 == target.connections
    assert ["not_allowed"] == _reasons(caplog)


def _noting(tried):
    connect = socket.socket.connect

    def noting(self, address):
        tried.append(address)
        return connect(self, address)

    return noting


def _reasons(caplog):
    """Return why something was not delivered."""
    said = [each for each in caplog.messages if ": not delivered, " in each]
    return [each.rpartition(", ")[2] for each in said]
