"""Answers that come in parts: of any size without FC's limits, in little memory."""

import socket
import sys
import time

import pytest

from tests.attacks.resources.memory import peak_mb
from tests.support.local_hosts import SITE, LocalHost, eventually

MB = 1024 * 1024
OPTIONS = ("--port=0", f"--template={SITE}", "--timeouts=false")
GET = b"GET /answers/%s HTTP/1.1\r\nHost: a\r\n\r\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def unlimited(tmp_path):
    with LocalHost(tmp_path, *OPTIONS, "--fc_limits=false") as host:
        host.get("/answers/tag")
        yield host


def read_some(connection, size):
    while size > 0 and (part := connection.recv(min(size, MB))):
        size -= len(part)
    return size


def test_an_answer_of_any_size_takes_little_memory(unlimited):
    """Four callers who read slowly, then get all of 60 MB each."""
    before = peak_mb(unlimited.process.pid)
    callers = [unlimited.connect() for _ in range(4)]
    for each in callers:
        each.sendall(GET % b"parts?60")
    time.sleep(1)  # nobody reads meanwhile
    for each in callers:
        assert read_some(each, 60 * MB) == 0
        each.close()

    assert peak_mb(unlimited.process.pid) - before < 24


def test_a_download_keeps_its_name_and_its_end(unlimited):
    """Content-Disposition arrives, and a length that the function knows."""
    named = unlimited.get("/answers/parts?1")
    known = unlimited.get("/answers/parts_of_known_length")

    assert 'attachment; filename="a.zip"' == named.headers["Content-Disposition"]
    assert (MB, b"abcdef", "6") == (
        len(named.data),
        known.data,
        known.headers["Content-Length"],
    )


def test_a_caller_who_hangs_up_ends_the_parts(unlimited):
    """The function's iterator is closed, with what it holds open."""
    with unlimited.connect() as caller:
        caller.sendall(GET % b"parts?1000000")
        read_some(caller, MB)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    eventually(lambda: "the parts are at an end" in unlimited.log())
    assert b"plain" == unlimited.get("/answers/tag").data


def test_a_fault_in_the_middle_shows(unlimited):
    """The connection is cut before the end; text and stack go only to the log."""
    with unlimited.connect() as caller:
        caller.sendall(GET % b"parts_that_fail")
        text = b"".join(iter(lambda: caller.recv(65536), b""))

    assert text.endswith(b"5\r\nbegin\r\n")  # and no last chunk
    eventually(lambda: "the-secret-in-the-text" in unlimited.log())


def test_fcs_limits_hold_in_development(tmp_path):
    """6 MB, no download's name, one cookie: no laxer than production."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        large = host.get("/answers/parts?7")
        small = host.get("/answers/parts?1")
        twice = host.get("/answers/cookies")

    assert (502, 502) == (large.status, twice.status)
    assert (MB, None) == (len(small.data), small.headers.get("Content-Disposition"))
