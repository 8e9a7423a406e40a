"""Timer triggers call their function as FC does."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone

import pytest

from host.server.timer_triggers import Timers
from host.server.workers import Workers
from template.served import TemplateError, read_template

TEMPLATE = """
Resources:
  service:
    Type: Aliyun::Serverless::Service
    sweep:
      Type: Aliyun::Serverless::Function
      Properties: {{Handler: sweep.handler, Runtime: python3.10, CodeUri: './'}}
      Events:
        tick:
          Type: Timer
          Properties: {{CronExpression: '{every}', Enable: {enable}, Payload: all}}
"""
FUNCTION = """
import json, pathlib
def handler(event, context):
    here = pathlib.Path(__file__).parent
    with (here / "ticks").open("a") as file:
        about = {"id": context.request_id, "in": context.function.name}
        told = json.loads(event) | about
        file.write(json.dumps(told) + "\\n")
    if (here / "broken").exists():
        raise RuntimeError("sweeping failed")
    return "swept"
"""


def make_template(folder, *, every="@every 1s", enable="true"):
    (folder / "sweep.py").write_text(FUNCTION)
    path = folder / "template.yml"
    path.write_text(TEMPLATE.format(every=every, enable=enable))
    return read_template(path)


def run_once(template):
    """Let each timer tick once, now."""
    started = []

    class Periodic:
        """Tornado's PeriodicCallback, but for the time that passes."""

        def __init__(self, callback, milliseconds):
            assert milliseconds == template.timers[len(started)].seconds * 1000
            self.callback = callback

        def start(self):
            started.append(self.callback)

    async def ticks():
        workers = Workers(threads=2, timeouts=False)
        now = datetime(2027, 1, 15, 8, 0, tzinfo=timezone.utc)
        timers = Timers(
            template, workers, process={}, now=lambda: now, periodic=Periodic
        )
        timers.start()
        for callback in started:
            await callback()
        workers.stop()

    asyncio.run(ticks())


def ticks_of(folder):
    return [json.loads(line) for line in (folder / "ticks").read_text().splitlines()]


def test_a_tick_is_fcs_timer_event(tmp_path):
    """The function gets FC's event as JSON bytes, and FC's context."""
    run_once(make_template(tmp_path))

    (tick,) = ticks_of(tmp_path)
    assert len(tick.pop("id")) == 36
    assert tick == {
        "triggerTime": "2027-01-15T08:00:00Z",
        "triggerName": "tick",
        "payload": "all",
        "in": "sweep",
    }


def test_a_tick_that_fails_is_logged_and_ends_nothing(tmp_path, caplog):
    """A failed timer is logged with its stack, and the host goes on."""
    template = make_template(tmp_path)
    (tmp_path / "broken").touch()
    run_once(template)

    assert "sweeping failed" in caplog.text


@pytest.mark.parametrize(
    ("every", "seconds"), [("@every 1s", 1), ("@every 5m", 300), ("@every 2h", 7200)]
)
def test_an_interval_is_read(tmp_path, every, seconds):
    """FC's @every is read in seconds, minutes and hours."""
    (timer,) = make_template(tmp_path, every=every).timers

    assert (timer.seconds, timer.function.name) == (seconds, "sweep")


@pytest.mark.parametrize("every", ["0 0/5 * * * *", "@every 0s", "@daily", ""])
def test_an_expression_that_cannot_be_played_is_named(tmp_path, every):
    """An unsupported expression is an error, not a timer that never runs."""
    with pytest.raises(TemplateError, match="@every 5m"):
        make_template(tmp_path, every=every)


def test_a_disabled_timer_does_not_tick(tmp_path):
    """A trigger with Enable: false does not run."""
    assert make_template(tmp_path, enable="false").timers == ()


def test_a_timer_alone_is_no_address(tmp_path):
    """A function without an HTTP trigger cannot be called over HTTP."""
    assert make_template(tmp_path).functions == ()
