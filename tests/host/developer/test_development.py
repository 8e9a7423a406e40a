"""Setup of a developer's machine: what it fills in, and what it does not change."""

import os
import socket
import sys
from functools import partial

import pytest

from host.cannot_start import CannotStart
from host.developer import embedded_redis, sandbox_process
from host.developer.development import Machine, set_up
from host.processes import children
from host.processes.children import Children
from runtime.settings import settings_from
from tests.support.local_hosts import SETTINGS, runs
from tests.support.ports import free_port

URL = "http://127.0.0.1:8080"
PLATFORM = ("WECHAT_API_URL", "WECHAT_OPEN_URL")


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Return a function that sets up a machine in a fresh folder; end its children."""
    monkeypatch.chdir(tmp_path)
    ours = Children({})
    started = []
    start = children.start
    monkeypatch.setattr(
        children, "start", lambda *a, **k: started.append(start(*a, **k)) or started[-1]
    )

    def run(environ, sandbox_port=1, **more):
        machine = Machine(URL, sandbox_port)
        return set_up(environ, machine=machine, children=ours, **more)

    yield run
    ours.end()
    for child in started:
        child.wait()


def test_a_complete_set_is_left_alone(prepared, tmp_path):
    """Nothing is changed, started, written or printed; pushes may go to this machine.

    A network that is set stays.
    """
    environ = dict(SETTINGS)
    chosen = {**SETTINGS, "PUSH_PRIVATE_NETWORKS": "10.0.0.0/8"}

    assert [] == prepared(environ)
    assert {**SETTINGS, "PUSH_PRIVATE_NETWORKS": "127.0.0.0/8,::1/128"} == environ
    assert [] == prepared(chosen)
    assert "10.0.0.0/8" == chosen["PUSH_PRIVATE_NETWORKS"]
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in PLATFORM])
def test_a_name_that_is_set_stays(prepared, name):
    """Only missing or empty settings are filled in."""
    running = embedded_redis.RunningRedis("redis://here", _Nobody(), keeps=True)
    platform = {each: SETTINGS[each] for each in PLATFORM}
    environ = dict.fromkeys(SETTINGS, " ") | platform | {name: "mine"}
    prepared(environ, start_redis=lambda folder: running)

    assert "mine" == environ[name]
    if name != "REDIS_URL":
        assert "redis://here" == environ["REDIS_URL"]


class _Nobody:
    pid = os.getppid()  # no child of ours, so nobody is ended


@pytest.mark.parametrize("missing", PLATFORM)
def test_half_a_platform_is_refused(prepared, missing):
    """Both WECHAT_* URLs must be set, or neither."""
    environ = {name: value for name, value in SETTINGS.items() if name != missing}

    with pytest.raises(CannotStart, match=missing):
        prepared(environ)


def test_accounts_are_where_sign_ins_are(prepared):
    """WECHAT_MP_URL follows WECHAT_OPEN_URL, unless it is set."""
    environ = {**SETTINGS, "WECHAT_OPEN_URL": "http://127.0.0.1:2"}
    prepared(environ)
    del environ["WECHAT_MP_URL"]
    prepared(environ)

    assert "http://127.0.0.1:1" == SETTINGS["WECHAT_MP_URL"]
    assert "http://127.0.0.1:2" == environ["WECHAT_MP_URL"]


def test_a_taken_sandbox_port_is_said(prepared):
    """A sandbox port in use is reported with the option for another one."""
    environ = {name: SETTINGS[name] for name in SETTINGS if name not in PLATFORM}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port}.*--sandbox_port="):
            prepared(environ, port)


def test_a_sandbox_that_says_nothing_is_ended(tmp_path):
    """The host waits for `ready` no longer than its timeout, and leaves nothing."""
    pid = tmp_path / "pid"
    silent = (
        "import os, pathlib, sys, time;"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    with pytest.raises(CannotStart, match="it printed nothing"):
        sandbox_process.start(
            1,
            log=tmp_path / "log",
            timeout=2.0,
            program=(sys.executable, "-S", "-c", silent),
        )

    assert not runs(int(pid.read_text()))


def test_a_config_of_ones_own_is_not_seeded(prepared):
    """A config that CONFIG_URL names is not changed."""
    own = {name: SETTINGS[name] for name in SETTINGS if name not in PLATFORM}
    environ = dict(own)
    told = prepared(environ, free_port())

    assert [] == told
    assert own == {name: environ[name] for name in own}
    assert 1 == len({environ[name] for name in PLATFORM})


def test_the_stand_in_is_named(prepared):
    """The developer is told that the stand-in keeps no data."""
    stand_in = partial(embedded_redis.start, find_server=lambda: None)
    environ = {name: SETTINGS[name] for name in SETTINGS if name != "REDIS_URL"}
    (said,) = prepared(environ, start_redis=stand_in)

    assert "fakeredis" in said
    assert "keeps nothing" in said


def test_what_is_filled_in_are_good_settings(prepared):
    """An empty environment becomes valid settings with a demo client."""
    environ = {}
    told = "\n".join(prepared(environ, free_port()))
    settings = settings_from(environ)

    assert (URL, "file:.local/config", "demo") == (
        settings.public_base_url,
        settings.config_url,
        settings.login_client,
    )
    assert f"{URL}/login?next=/login/me" in told
    assert f"{environ['WECHAT_OPEN_URL']}/_sandbox/phone" in told
