"""Shutdown by a signal: requests in flight are finished, no others start."""

import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from tests.support.local_hosts import (
    SITE,
    UNDER_WAY,
    HeldRequest,
    LocalHost,
    children_of,
    eventually,
    release_held,
)

OPTIONS = ("--port=0", f"--template={SITE}", "--timeouts=false")
APART = ("unshare", "--user", "--map-root-user", "--pid", "--fork")
GET = b"GET /answers/%s HTTP/1.1\r\nHost: a\r\n\r\n"

SWEEP = """
import pathlib, time
def handler(event, context):
    ticks = pathlib.Path(__file__).with_name("ticks")
    ticks.write_text("begun")
    time.sleep(1)
    ticks.write_text("done")
"""


def read_all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_request_in_flight_gets_its_answer(tmp_path):
    """The host stops listening at once and ends after the last answer."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        held = HeldRequest(host)
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: not host.listens())
        still_waiting = held.is_waiting()
        held.release()
        code = host.process.wait(20)

    assert (True, b"plain", 0) == (still_waiting, held.wait(), code)


def test_the_shutdown_has_a_timeout(tmp_path):
    """The host ends all the same, before somebody kills it."""
    with LocalHost(tmp_path, *OPTIONS, "--shutdown_seconds=0.3") as host:
        held = HeldRequest(host)
        began = time.monotonic()
        code = host.end(signal.SIGTERM)
        took = time.monotonic() - began

    assert (0, None, True) == (code, held.wait(), 0.3 <= took < 15)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(tmp_path, number):
    """A second signal ends the host at once, with exit code 130."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        held = HeldRequest(host)
        began = time.monotonic()
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: not host.listens())
        code = host.end(number)
        took = time.monotonic() - began

    assert (130, None, True) == (code, held.wait(), took < 15)


def test_a_download_that_nobody_reads_holds_up_no_shutdown(tmp_path):
    """Its time is up, its parts are closed, and the host ends."""
    options = (*OPTIONS, "--fc_limits=false", "--shutdown_seconds=0.3")
    with LocalHost(tmp_path, *options) as host, host.connect() as connection:
        connection.sendall(GET % b"parts?100000")
        assert connection.recv(1000)
        code = host.end(signal.SIGTERM)

    assert (0, 1) == (code, host.log().count("the parts are at an end"))


def test_a_connection_that_is_kept_is_told_to_close(tmp_path):
    """A kept connection is answered once more; an idle one is closed."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        with host.connect() as asking, host.connect() as idle:
            for each in (asking, idle):
                each.sendall(GET % b"tag")
                assert each.recv(65536).endswith(b"plain")
            host.process.send_signal(signal.SIGTERM)
            eventually(lambda: not host.listens())
            asking.sendall(GET % b"held")
            eventually(lambda: UNDER_WAY in host.log())
            release_held(host)
            head, _, body = read_all(asking).partition(b"\r\n\r\n")
            assert b"" == read_all(idle)
        code = host.process.wait(20)

    assert (b"HTTP/1.1 200 OK", b"plain", 0) == (head.splitlines()[0], body, code)
    assert b"\r\nConnection: close" in head


def test_an_answer_is_out_when_its_last_byte_is(tmp_path):
    """A slow caller gets all of a large answer before the host ends."""
    with LocalHost(tmp_path, *OPTIONS) as host, socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        address, _, port = host.url.removeprefix("http://").partition(":")
        caller.connect((address, int(port)))
        caller.sendall(GET % b"largest")
        eventually(lambda: "GET /answers/largest" in host.log())
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: not host.listens())
        time.sleep(1)  # longer than an idle connection is kept
        body = read_all(caller).partition(b"\r\n\r\n")[2]
        code = host.process.wait(20)

    assert (6 * 1024 * 1024, 0) == (len(body), code)


def test_a_round_of_a_timer_is_seen_through(tmp_path):
    """A running timer counts as a request in flight."""
    site, ticks = tmp_path / "site", tmp_path / "site/functions/echo/ticks"
    shutil.copytree(SITE.parent, site)
    (site / "functions/echo/index.py").write_text(SWEEP)
    template = site / "template.yml"
    template.write_text(template.read_text().replace("@every 5m", "@every 1s"))
    with LocalHost(tmp_path, "--port=0", f"--template={template}") as host:
        eventually(lambda: ticks.exists() and ticks.read_text() == "begun")
        code = host.end(signal.SIGTERM)

    assert (0, "done") == (code, ticks.read_text())


@pytest.mark.parametrize("processes", [1, 2])
def test_it_does_so_as_process_1(tmp_path, processes):
    """As process 1 of a container the host handles SIGTERM too."""
    if not shutil.which("unshare") or subprocess.call([*APART, "true"]):
        pytest.skip("no process namespaces may be made here")
    options = (*OPTIONS, f"--processes={processes}")
    with LocalHost(tmp_path, *options, before=APART) as host:
        (first,) = children_of(host.process.pid)
        held = HeldRequest(host)
        os.kill(first, signal.SIGTERM)
        held.release()
        code = host.process.wait(20)

    assert (0, b"plain") == (code, held.wait())
