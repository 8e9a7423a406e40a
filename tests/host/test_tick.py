"""One run of all timers, for a scheduler outside the host."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.host.server.test_timer_triggers import make_template, ticks_of
from tests.support.local_hosts import ROOT, SETTINGS, LocalHost, eventually

ENDLESS = """
import time
def handler(event, context):
    print("under way", flush=True)
    time.sleep(60)
"""


def invocation(folder):
    return [
        *(sys.executable, "-m", "host.tick"),
        f"--template={folder / 'template.yml'}",
    ]


def kept():
    """Return what each process gets beside its settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def tick(folder, *names, environment=SETTINGS):
    """Return the exit code and what was said."""
    done = subprocess.run(
        [*invocation(folder), *names],
        cwd=ROOT,
        env=kept() | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr


def test_each_timer_ticks_once(tmp_path):
    """Each timer runs once with its event, and the answer is logged."""
    make_template(tmp_path, every="@every 1h")
    code, said = tick(tmp_path)

    assert [("tick", "all", "sweep")] == [
        (each["triggerName"], each["payload"], each["in"])
        for each in ticks_of(tmp_path)
    ]
    assert (0, True) == (code, "sweep: swept" in said)


def test_only_the_named_function_ticks(tmp_path):
    """A name without a timer is refused, and the names that have one are told."""
    make_template(tmp_path, every="@every 1h")
    code, said = tick(tmp_path, "sweep")
    assert (0, 1) == (code, len(ticks_of(tmp_path))), said

    code, said = tick(tmp_path, "sweep", "sleep")
    told = "sleep has no timer in the template; sweep has one.\n"
    assert (1, told, 1) == (code, said, len(ticks_of(tmp_path)))


def test_no_timer_waits_for_another(tmp_path):
    """All of template.yml run, and what one answers is none of the others' faults."""
    code, said = tick(ROOT, environment={**SETTINGS, "CONFIG_URL": f"file:{tmp_path}"})

    assert 1 == code  # nobody listens at the Redis of these settings
    for name in ("refresh", "deliver"):
        assert f'{name}: {{"error": "temporarily_unavailable"' in said


def test_a_tick_that_fails_ends_with_1(tmp_path):
    """A failure is logged with its stack and gives exit code 1."""
    make_template(tmp_path)
    (tmp_path / "broken").touch()
    code, said = tick(tmp_path)

    assert (1, True) == (code, "sweeping failed" in said)


def test_a_round_that_says_what_went_wrong_ends_with_1(tmp_path):
    """An error that the project's timer reports as JSON gives exit code 1."""
    away = {"CONFIG_URL": "s3://bucket", "S3_ENDPOINT_URL": "http://127.0.0.1:1"}
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    code, said = tick(ROOT, environment={**SETTINGS, **away, **keys})

    assert (1, True) == (code, 'refresh: {"error":' in said)


def test_a_scheduler_may_end_it(tmp_path):
    """SIGTERM ends a running timer at once, even as process 1."""
    make_template(tmp_path)
    (tmp_path / "sweep.py").write_text(ENDLESS)
    process = subprocess.Popen(
        invocation(tmp_path),
        cwd=ROOT,
        env=kept() | SETTINGS,
        stdout=subprocess.PIPE,
    )
    with process:
        process.stdout.readline()
        process.terminate()
        code = process.wait(10)

    assert 128 + signal.SIGTERM == code


def test_a_missing_setting_is_named(tmp_path):
    """A missing setting is reported in one line."""
    make_template(tmp_path)
    without = {k: v for k, v in SETTINGS.items() if k != "REDIS_URL"}

    assert (1, "REDIS_URL is missing\n") == tick(tmp_path, environment=without)


@pytest.mark.parametrize("timers", ["true", "false"])
def test_the_host_leaves_the_timers_to_others(tmp_path, timers):
    """With --timers=false the host runs no timer."""
    make_template(tmp_path, every="@every 1s")
    options = ["--port=0", f"--template={tmp_path / 'template.yml'}"]
    with LocalHost(tmp_path, *options, f"--timers={timers}"):
        if timers == "true":
            eventually((tmp_path / "ticks").exists, timeout=10)
        else:
            time.sleep(1.5)

    assert (timers == "true") == (tmp_path / "ticks").exists()
