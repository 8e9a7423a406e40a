"""Child processes end with the host, or when it ends them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host.processes import children
from host.processes.children import Children
from tests.support.local_hosts import eventually, runs

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


def start(tmp_path, code=SLEEPER, **more):
    log = tmp_path / "log"
    child = children.start([sys.executable, "-c", code], log=log, **more)
    eventually(lambda: "up" in log.read_text())
    return child


def test_a_child_gets_its_input_and_leaves_its_output(tmp_path):
    """Both output streams of a child go to its log."""
    up = "print('up', sys.stdin.read(), flush=True)"
    code = f"import sys; {up}; print('last', file=sys.stderr)"
    child = start(tmp_path, code, stdin=b"config")
    child.wait()

    assert "up config" in (tmp_path / "log").read_text()
    assert "last" == children.last_line(tmp_path / "log")


def test_a_silent_child_is_said_to_be_silent(tmp_path):
    """A child without output is reported as such."""
    (tmp_path / "log").write_text("\n")

    assert "it printed nothing" == children.last_line(tmp_path / "log")


def test_a_child_runs_where_the_project_is(tmp_path):
    """A child runs in the project's folder, so `python -m sandbox` works."""
    start(tmp_path, "import host, sys; print('up')").wait()

    assert "up" == children.last_line(tmp_path / "log")


@pytest.mark.parametrize(
    ("code", "number"),
    [
        pytest.param(SLEEPER, signal.SIGTERM, id="polite"),
        pytest.param(STUBBORN, signal.SIGKILL, id="by force"),
    ],
)
def test_a_child_is_ended(tmp_path, code, number):
    """A child ends by SIGTERM, or by SIGKILL if it ignores that."""
    child = start(tmp_path, code)
    children.stop(child.pid, timeout=0.2)

    assert not runs(child.pid)
    child.wait()


def test_ending_what_is_gone_or_another_s_does_nothing(tmp_path):
    """An ended child, or another's process, is not signalled."""
    child = start(tmp_path, "print('up')")
    child.wait()
    children.stop(child.pid)
    stranger = os.getppid()
    children.stop(stranger)

    assert runs(stranger)


@pytest.mark.parametrize("number", [0, -1])
def test_a_group_is_never_ended(tmp_path, monkeypatch, number):
    """A process id below 1 is never signalled; nothing is really sent here."""
    child = start(tmp_path)
    sent = []
    with monkeypatch.context() as patched:
        patched.setattr(os, "kill", lambda *signal: sent.append(signal))
        patched.setattr(os, "waitpid", lambda *_: (0, 0))
        children.stop(number, timeout=0)
    children.end(child)

    assert [] == sent


def test_ctrl_c_does_not_reach_a_child(tmp_path):
    """A child is in a process group of its own."""
    child = start(tmp_path)

    assert os.getpgid(child.pid) != os.getpgid(os.getpid())
    children.stop(child.pid)
    child.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends it by itself")
def test_a_killed_parent_takes_its_child_along(tmp_path):
    """The child of a killed parent ends too."""
    code = (
        "import sys; from pathlib import Path; from host.processes import children;"
        f"child = children.start([sys.executable, '-c', {SLEEPER!r}],"
        " log=Path(sys.argv[1])); print(child.pid, flush=True); child.wait()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "log"],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
    )
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        parent.kill()

    eventually(lambda: not runs(pid))


def test_the_youngest_child_is_ended_first():
    """The sandbox is ended before the Redis that it may still use."""
    ended = []
    ours = Children({}, stop=ended.append)
    ours.add(1)
    ours.add(2)
    ours.end()
    ours.end()

    assert [2, 1] == ended


def test_children_are_handed_over_at_a_reload():
    """The program that replaces this one ends what this one started."""
    ended = []
    environ = {}
    first = Children(environ)
    first.add(7)
    first.add(8)
    first.hand_over()
    second = Children(environ, stop=ended.append)
    second.end()

    assert [8, 7] == ended
    assert {} == environ


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from host.processes import children
from host.processes.signals import ENDING, Interruption

def come():
    os.kill(os.getpid(), signal.SIGTERM)
    len(())  # a handler runs before the next call at the latest

os.register_at_fork(after_in_parent=come)
interruption = Interruption(*ENDING)
try:
    children.start([sys.executable, "-c", ""], log=Path(sys.argv[1]))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_signal_waits_for_the_fork(tmp_path):
    """A signal during a fork is handled after it, and no lock stays held."""
    command = [sys.executable, "-c", INTERRUPTED, tmp_path / "log"]
    told = subprocess.run(
        command, cwd=children.PROJECT, capture_output=True, text=True, timeout=20
    )

    assert ("interrupted\n", "") == (told.stdout, told.stderr)
