"""Functions that functions start: in threads of the host, one of each at a time."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from host.server.started_functions import StartedFunctions
from host.server.workers import Workers
from tests.host.server.test_timer_triggers import make_template, ticks_of

SLOW = """
import pathlib, time
def handler(event, context):
    here = pathlib.Path(__file__).parent
    with (here / "began").open("a") as file:
        file.write("x")
    until = time.monotonic() + 10
    while not (here / "go").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return "swept"
"""


async def eventually(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


@pytest.fixture
def workers():
    made = Workers(threads=2, timeouts=True)
    yield made
    made.stop()


def began(folder):
    file = Path(folder) / "began"
    return len(file.read_text()) if file.exists() else 0


def ticked(folder):
    return len(ticks_of(folder)) if (folder / "ticks").exists() else 0


def test_a_function_runs_when_it_is_started(tmp_path, workers):
    """From any thread, with a timer's event."""
    template = make_template(tmp_path)

    async def run():
        started = StartedFunctions(template, workers, process={})
        threading.Thread(target=started.start, args=("sweep",)).start()
        await eventually((tmp_path / "ticks").exists)
        await eventually(lambda: not workers.in_flight)

    asyncio.run(run())
    assert ["sweep"] == [each["in"] for each in ticks_of(tmp_path)]


def test_what_is_started_meanwhile_runs_once_more(tmp_path, workers):
    """However often: nothing that came while it ran is left."""
    template = make_template(tmp_path)
    (tmp_path / "sweep.py").write_text(SLOW)

    async def run():
        started = StartedFunctions(template, workers, process={}, at_once=1)
        started.start("sweep")
        await eventually(lambda: began(tmp_path) == 1)
        for _ in range(5):
            started.start("sweep")
        await asyncio.sleep(0.1)
        assert 1 == began(tmp_path)
        assert workers.in_flight  # so a shutdown waits for it
        (tmp_path / "go").touch()
        await eventually(lambda: began(tmp_path) == 2)
        await eventually(lambda: not workers.in_flight)

    asyncio.run(run())
    assert 2 == began(tmp_path)


def test_a_run_that_takes_long_delays_no_other(tmp_path, workers):
    """A second one runs beside it, and no third."""
    template = make_template(tmp_path)
    (tmp_path / "sweep.py").write_text(SLOW)

    async def run():
        started = StartedFunctions(template, workers, process={}, at_once=2)
        for number in (1, 2):
            started.start("sweep")
            await eventually(lambda number=number: began(tmp_path) == number)
        started.start("sweep")
        await asyncio.sleep(0.1)
        assert 2 == began(tmp_path)
        (tmp_path / "go").touch()
        await eventually(lambda: began(tmp_path) == 3)
        await eventually(lambda: not workers.in_flight)

    asyncio.run(run())


def test_a_function_that_fails_is_started_again(tmp_path, workers):
    template = make_template(tmp_path)
    (tmp_path / "broken").touch()

    async def run():
        started = StartedFunctions(template, workers, process={})
        for number in (1, 2):
            started.start("sweep")
            await eventually(lambda number=number: number == ticked(tmp_path))
            await eventually(lambda: not workers.in_flight)

    asyncio.run(run())


def test_a_function_that_is_not_there(tmp_path, workers):
    template = make_template(tmp_path)

    async def run():
        with pytest.raises(KeyError):
            StartedFunctions(template, workers, process={}).start("login")

    asyncio.run(run())


def test_after_the_loop_has_ended(tmp_path, workers):
    """A thread of a call may outlive it."""
    template = make_template(tmp_path)

    async def run():
        return StartedFunctions(template, workers, process={})

    asyncio.run(run()).start("sweep")
    assert not (tmp_path / "ticks").exists()
