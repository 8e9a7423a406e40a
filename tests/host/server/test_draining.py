"""Drain: the probe says 503 while all else is served, then the host ends."""

import signal
import time

import pytest

from runtime.version import version
from tests.support.local_hosts import SITE, HeldRequest, LocalHost, eventually

OPTIONS = ("--port=0", f"--template={SITE}", "--timeouts=false")
PROBE = "/echo/healthz?quick=1"


@pytest.mark.parametrize("processes", [1, 2])
def test_the_probe_says_so_before_the_port_closes(tmp_path, processes):
    """New connections are served during the drain, and a request in flight after it."""
    options = (*OPTIONS, f"--processes={processes}", "--drain_seconds=4")
    with LocalHost(tmp_path, *options) as host:
        before = host.get(PROBE).status
        host.process.send_signal(signal.SIGTERM)
        # Each of several processes is told by itself.
        eventually(lambda: {host.get(PROBE).status for _ in range(8)} == {503})
        told = host.get("/echo/healthz")
        answers = [host.get("/answers/tag") for _ in range(8)]
        held = HeldRequest(host)
        eventually(lambda: not host.listens(), timeout=20)
        waiting = held.is_waiting()
        held.release()
        code = host.process.wait(20)

    assert (200, 503, "no-store") == (
        before,
        told.status,
        told.headers["Cache-Control"],
    )
    assert {"function": "echo", "version": version(), "state": "draining"} == (
        told.json()
    )
    assert {(200, b"plain", "close")} == {
        (each.status, each.data, each.headers.get("Connection")) for each in answers
    }
    assert (True, b"plain", 0) == (waiting, held.wait(), code)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_second_signal_ends_the_drain(tmp_path, processes):
    """Who does not want to wait for it sends the signal again."""
    options = (*OPTIONS, f"--processes={processes}", "--drain_seconds=600")
    with LocalHost(tmp_path, *options) as host:
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: host.get(PROBE).status == 503)
        began = time.monotonic()
        code = host.end(signal.SIGTERM)
        took = time.monotonic() - began

    assert (130, True) == (code, took < 15)


def test_without_a_drain_the_port_closes_at_once(tmp_path):
    """The default, for a developer's machine."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        began = time.monotonic()
        code = host.end(signal.SIGTERM)

    assert (0, True) == (code, time.monotonic() - began < 15)


def test_a_drain_is_a_time(tmp_path):
    """A negative one is refused at start."""
    host = LocalHost(tmp_path, *OPTIONS, "--drain_seconds=-1")

    assert 1 == host.process.wait(20)
    assert "--drain_seconds must not be negative." in host.log()
