"""Bodies that nobody wants, that are too large, or that never end."""

import sys
import time
from contextlib import ExitStack

import pytest

from tests.attacks.resources.memory import peak_mb
from tests.support.local_hosts import SITE, LocalHost, eventually

MB = 1024 * 1024
OPTIONS = ("--port=0", f"--template={SITE}")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def small_site(tmp_path):
    with LocalHost(tmp_path, *OPTIONS) as host:
        host.get("/echo")
        host.get("/limited")
        yield host


def head(method, path, *lines):
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", "Host: a", *lines, "", ""]
    ).encode()


def read_head(connection):
    told = b""
    while b"\r\n\r\n" not in told:
        if not (part := connection.recv(65536)):
            break
        told += part
    return told


def send(connection, size):
    """Send so many bytes; the host may hang up meanwhile."""
    for _ in range(size // MB):
        connection.sendall(bytes(MB))


@pytest.mark.parametrize(
    ("method", "path", "status", "headers"),
    [
        ("DELETE", "/no-such-path", b"404", ()),
        ("DELETE", "/echo", b"405", ()),
        ("POST", "/guarded/x", b"403", ()),
        ("POST", "/limited", b"413", ()),
        ("POST", "/echo", b"400", ()),
        ("BREW", "/echo", b"405", ()),
    ],
)
def test_an_unwanted_body_is_not_kept(small_site, method, path, status, headers):
    """Twelve get their answer at once, cost no memory, and are hung up on."""
    size = 33 * MB if path == "/echo" else 31 * MB
    before = peak_mb(small_site.process.pid)
    with ExitStack() as stack:
        callers = [stack.enter_context(small_site.connect()) for _ in range(12)]
        for each in callers:
            each.sendall(head(method, path, f"Content-Length: {size}"))
        told = [read_head(each) for each in callers]
        assert {status} == {each.split(b" ")[1] for each in told}
        assert all(b"\r\nConnection: close\r\n" in each for each in told)
        if method != "BREW":  # whose connection is closed at once
            for each in callers:
                send(each, 30 * MB)
        for each in callers:
            while each.recv(65536):
                pass  # until the host has hung up, although the body is not complete

    assert peak_mb(small_site.process.pid) - before < 16


@pytest.mark.parametrize("chunked", [False, True])
def test_a_function_says_itself_that_a_body_is_too_large(small_site, chunked):
    """It does so before the body has come; in chunks, when its limit is passed."""
    with small_site.connect() as caller:
        if chunked:
            caller.sendall(head("POST", "/limited", "Transfer-Encoding: chunked"))
            caller.sendall(b"3e8\r\n" + bytes(1000) + b"\r\n")
            caller.sendall(b"1\r\n")
            caller.sendall(b"x\r\n")
        else:
            caller.sendall(head("POST", "/limited", "Content-Length: 1001000"))
        told = read_head(caller)

    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nX-Own: dialect\r\n" in told


def test_a_body_that_is_hardly_too_large_leaves_the_connection(small_site):
    """It is read and dropped, so that the connection serves the next request."""
    with small_site.connect() as caller:
        caller.sendall(head("POST", "/limited", "Content-Length: 1001") + bytes(1001))
        caller.sendall(
            head("POST", "/limited", "Content-Length: 5", "Connection: close")
        )
        caller.sendall(b"12345")
        told = b"".join(iter(lambda: caller.recv(65536), b""))

    assert [b"413", b"200"] == [
        part.split()[0] for part in told.split(b"HTTP/1.1 ")[1:]
    ]
    assert told.endswith(b"read 5")


def test_who_waits_for_a_word_gets_the_refusal(small_site):
    """`Expect: 100-continue` is answered by the refusal alone."""
    with small_site.connect() as caller:
        lines = (f"Content-Length: {31 * MB}", "Expect: 100-continue")
        caller.sendall(head("POST", "/limited", *lines))
        told = b"".join(iter(lambda: caller.recv(65536), b""))

    assert told.startswith(b"HTTP/1.1 413 ")
    assert told.endswith(b"too large, by the function")


def test_many_large_bodies_take_disk_and_no_memory(small_site):
    """What goes beyond the budget gets 503, and there is room again afterwards."""
    before = peak_mb(small_site.process.pid)
    with ExitStack() as stack:
        callers = [stack.enter_context(small_site.connect()) for _ in range(12)]
        refused = 0
        for each in callers:
            each.sendall(head("POST", "/echo", f"Content-Length: {31 * MB}"))
            try:
                send(each, 30 * MB)
                each.settimeout(0.5)
                refused += read_head(each).startswith(b"HTTP/1.1 503 ")
            except TimeoutError:
                pass  # it is kept, and not complete
    eventually(
        lambda: small_site.request("POST", "/echo", body=bytes(MB)).status == 200
    )

    assert 4 == refused  # 256 MB are room for eight
    assert peak_mb(small_site.process.pid) - before < 24


def test_beyond_the_budget_nothing_is_kept(tmp_path):
    """One that is refused says what to do in the forms of FC and WeChat."""
    with LocalHost(tmp_path, *OPTIONS, "--body_mb=1") as host, host.connect() as first:
        first.sendall(head("POST", "/echo", "Content-Length: 900000") + bytes(800_000))
        time.sleep(1)  # until the host has read it
        answer = host.request("POST", "/echo", body=bytes(500_000))
        small = host.request("POST", "/echo", body=bytes(50_000))
        first.sendall(bytes(100_000))
        assert read_head(first).startswith(b"HTTP/1.1 200 ")

        assert (503, "1", -1, "ResourceExhausted") == (
            answer.status,
            answer.headers["Retry-After"],
            answer.json()["errcode"],
            answer.json()["ErrorCode"],
        )
        assert 200 == small.status
        assert 200 == host.request("POST", "/echo", body=bytes(500_000)).status
