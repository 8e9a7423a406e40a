"""Worker processes on one port, as real processes."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.host.processes.prefork_hosts import FRESH, PreforkHost
from tests.support.local_hosts import (
    ROOT,
    SITE,
    HeldRequest,
    LocalHost,
    children_of,
    eventually,
    runs,
)
from tests.support.ports import free_port

SWEEP = """
import os, pathlib
def handler(event, context):
    with pathlib.Path(__file__).with_name("ticks").open("a") as ticks:
        ticks.write(f"{os.getpid()}\\n")
"""

CANNOT_BEGIN = """
import logging
from host.processes.prefork import Prefork
def work(number):
    raise MemoryError("no room for threads")
logging.basicConfig()
print(Prefork(work, size=2).supervise())
"""


def insist(pids, number):
    """Send each process that is left a signal; tell whether one of them still runs."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return any(map(runs, pids))


def test_requests_are_spread(tmp_path):
    """Each process gets some of the requests."""
    with PreforkHost(tmp_path) as host:
        pids = host.wait_for()

        assert set(pids) == set(host.hear_from(*pids))


def test_one_that_is_killed_comes_back(tmp_path):
    """A killed process is replaced, and no caller is refused meanwhile."""
    with PreforkHost(tmp_path) as host:
        dead, *others = host.wait_for()
        os.kill(dead, signal.SIGKILL)
        answers = [host.who() for _ in range(20)]
        (new,) = set(host.wait_for(dead)) - set(others)
        answers += host.hear_from(new)

    assert dead not in answers
    assert re.search(r"process \d ended with -9", host.log())


def test_all_finish_what_is_in_flight(tmp_path):
    """On SIGTERM requests in flight are finished and no connection is accepted."""
    with PreforkHost(tmp_path) as host:
        pids = host.wait_for()
        held = [HeldRequest(host) for _ in range(4)]
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: not host.listens())
        still_waiting = all(each.is_waiting() for each in held)
        held[0].release()
        code = host.process.wait(20)

    assert (True, 0) == (still_waiting, code)
    assert [b"plain"] * 4 == [each.wait() for each in held]
    assert not any(map(runs, pids))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_may_reach_all_of_them(tmp_path, number):
    """A signal to parent and children, as from a terminal, counts once."""
    with PreforkHost(tmp_path, size=2) as host:
        pids = host.wait_for()
        host.hear_from(*pids)  # one that is still starting may be ended as it is
        held = HeldRequest(host)
        insist((*pids, host.process.pid, *pids), number)
        held.release()
        code = host.process.wait(20)

    assert (0, b"plain") == (code, held.wait())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_signal_comes_too_late(tmp_path, number):
    """Repeated signals do not cut a process short in its last steps."""
    with PreforkHost(tmp_path, size=2) as host:
        pids = host.wait_for()
        host.hear_from(*pids)
        held = HeldRequest(host)
        host.process.send_signal(number)
        held.release()
        eventually(lambda: not insist(pids, number), pause=0)
        code = host.process.wait(20)

    assert (0, b"plain", False) == (code, held.wait(), "ended with" in host.log())


def test_a_second_signal_ends_all_at_once(tmp_path):
    """A second signal to the parent kills all processes."""
    with PreforkHost(tmp_path) as host:
        pids = host.wait_for()
        held = HeldRequest(host)
        began = time.monotonic()
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: not host.listens())
        code = host.end(signal.SIGTERM)
        took = time.monotonic() - began

    assert (130, None, True) == (code, held.wait(), took < 15)
    eventually(lambda: not any(map(runs, pids)))


def test_one_that_hangs_is_not_waited_for(tmp_path):
    """A stopped process is killed after the timeout."""
    with PreforkHost(tmp_path, "--shutdown_seconds=0.2", size=2) as host:
        pids = host.wait_for()
        host.hear_from(*pids)  # one that is still starting ends even so
        os.kill(pids[0], signal.SIGSTOP)
        code = host.end(signal.SIGTERM)

    assert (0, True) == (code, "is ended by force" in host.log())
    eventually(lambda: not any(map(runs, pids)))


def test_none_outlives_its_parent(tmp_path):
    """Processes of a killed parent end, after their requests in flight."""
    with PreforkHost(tmp_path) as host:
        pids = host.wait_for()
        held = HeldRequest(host)
        host.end(signal.SIGKILL)
        held.release()

        assert b"plain" == held.wait()
        eventually(lambda: not any(map(runs, pids)))


def test_too_many_deaths_are_no_life(tmp_path):
    """If processes die too often, the host ends with exit code 1."""
    with PreforkHost(tmp_path, size=2) as host:
        for _ in range(100):
            insist(host.pids(), signal.SIGKILL)
            if host.process.poll() is not None:
                break
            time.sleep(0.05)
        code = host.process.wait(20)

    assert (1, True) == (code, "end again and again" in host.log())
    died = re.findall(r"process \d ended with -9", host.log())
    assert len(died) in (10, 11)  # the last two may have died at once


def test_one_that_cannot_begin_says_why():
    """The stack of a process that cannot start is logged, and retries end."""
    command = [sys.executable, "-c", CANNOT_BEGIN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    stacks = re.findall(r"process \d failed\nTraceback", done.stderr)

    assert ("False\n", True) == (done.stdout, len(stacks) in (10, 11))
    assert "10 processes ended within a minute" in done.stderr


def test_the_timers_tick_in_one_of_them(tmp_path):
    """Timers run in one process only, or in the one that replaces it."""
    site = tmp_path / "site"
    shutil.copytree(SITE.parent, site)
    (site / "functions/echo/index.py").write_text(SWEEP)
    template = site / "template.yml"
    template.write_text(template.read_text().replace("@every 5m", "@every 1s"))
    ticks = site / "functions/echo/ticks"

    def who(beside=()):
        told = ticks.read_text().split() if ticks.exists() else []
        return [pid for pid in told if pid not in beside]

    with PreforkHost(tmp_path, f"--template={template}"):
        eventually(lambda: len(who()) >= 2)
        first = who()
        os.kill(int(first[0]), signal.SIGKILL)
        eventually(lambda: len(who(first)) >= 2)
        then = who(first)

    assert (1, 1) == (len(set(first)), len(set(then)))


def test_a_developers_redis_is_everybodys(tmp_path):
    """The parent starts and ends one Redis and one sandbox for all processes."""
    options = ("--port=0", f"--sandbox_port={free_port()}", "--processes=2")
    with LocalHost(tmp_path, *options, environment={}) as host:
        eventually(lambda: len(children_of(host.process.pid)) == 4)
        pids = children_of(host.process.pid)
        health = [host.get("/healthz", **FRESH).json() for _ in range(10)]
        code = host.end(signal.SIGTERM)

    assert {("ok", "ok")} == {(each["redis"], each["config"]) for each in health}
    assert (0, False) == (code, any(map(runs, pids)))


@pytest.mark.parametrize("options", [["--processes=0"], ["--processes=2", "--debug"]])
def test_what_does_not_go_together_is_said(tmp_path, options):
    """--debug with several processes is refused."""
    host = LocalHost(tmp_path, "--port=0", *options)
    code = host.process.wait(20)

    assert (1, 1) == (code, len(host.log().splitlines()))
    assert "--processes" in host.log()
