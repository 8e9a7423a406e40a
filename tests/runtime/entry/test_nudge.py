"""Nudges of deliver: at most once a second, never an exception, and what is told."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from functions.deliver.index import deliver
from runtime.entry.nudge import (
    LOG_SECONDS,
    PAUSE_SECONDS,
    STARTED,
    UNDER_WAY,
    Nudges,
)
from runtime.gateway import Gateway
from runtime.push.deliveries import Due
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.invocation_api import KEY_SECRET, TOKEN, context_of, invocation_api


@pytest.fixture
def api():
    with invocation_api() as made:
        yield made


@pytest.fixture
def gateway(tmp_path, redis_server, api):
    environ = make_environ(tmp_path, redis_server.url, FUNCTION_COMPUTE_URL=api.url)
    return Gateway(settings_from(environ))


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def nudges(clock):
    return Nudges(clock=clock)


@pytest.mark.parametrize("fc", [2, 3])
def test_one_round_is_under_way(nudges, gateway, api, fc):
    """For all processes, unless the caller says that it cannot wait."""
    context = context_of(fc=fc)
    assert STARTED == nudges.nudge(context, gateway)
    assert UNDER_WAY == nudges.nudge(context, gateway)
    assert UNDER_WAY == Nudges().nudge(context, Gateway(gateway.settings))
    assert STARTED == nudges.nudge(context, gateway, at_once=True)
    gateway.rounds.end()
    assert STARTED == nudges.nudge(context, gateway)
    assert 3 == len(api.started)


def test_a_round_that_ends_leaves_nothing_behind(nudges, gateway, api):
    """What is stored while deliver works starts no other round, and after it one."""
    seen = []

    def due():
        seen.append(nudges.nudge(context_of(), gateway))
        return Due([], None, 0)

    gateway.deliveries = SimpleNamespace(due=due)
    deliver(gateway)

    # The second look is after the round has said that it ends.
    assert [UNDER_WAY, STARTED] == seen
    assert 1 == len(api.started)


def test_a_refusal_is_paused_logged_and_counted(nudges, gateway, api, clock, caplog):
    """An attempt costs a caller time, and a line for each would hide all others."""
    api.rights.clear()
    context = context_of(fc=3)
    counted = []
    gateway.counters = SimpleNamespace(add=lambda *a, **k: counted.append(a[2]))
    assert "AccessDenied" == nudges.nudge(context, gateway)
    assert "AccessDenied" == nudges.nudge(context, gateway, at_once=True)  # not tried
    for _ in range(2):
        clock.now += PAUSE_SECONDS
        assert "AccessDenied" == nudges.nudge(context, gateway)
    api.rights.add("wechat_gateway_deliver")
    clock.now += PAUSE_SECONDS
    assert STARTED == nudges.nudge(context, gateway)

    assert PAUSE_SECONDS * 2 == LOG_SECONDS
    assert [
        "deliver not started, AccessDenied: 1 attempts",
        "deliver not started, AccessDenied: 2 attempts",
    ] == [each.message for each in caplog.records if each.name == "gateway.push"]
    assert ["/nudge/not_started"] * 3 + ["/nudge/started"] == counted


def test_a_server_that_starts_nothing(nudges, gateway, caplog):
    """Not a word: the timer does it there."""
    for context in (None, object(), SimpleNamespace(start_function=None)):
        assert "no_platform" == nudges.nudge(context, gateway, at_once=True)
    assert "deliver" not in caplog.text


def test_the_local_host_does_it_itself(nudges, gateway, api):
    """As often as it is asked: it runs one at a time."""
    asked = []
    context = SimpleNamespace(start_function=asked.append)
    for _ in range(3):
        assert STARTED == nudges.nudge(context, gateway)
    assert (["deliver"] * 3, []) == (asked, api.started)


class Broken:
    account_id = "1"

    @property
    def credentials(self):
        raise RuntimeError(TOKEN)


def test_it_never_raises(nudges, gateway, caplog):
    """Nor does it tell what an error of somebody else's says."""
    caplog.set_level(logging.DEBUG)
    assert "RuntimeError" == nudges.nudge(Broken(), gateway)

    assert "deliver not started, RuntimeError: 1 attempts" in caplog.messages
    assert TOKEN not in caplog.text
    assert KEY_SECRET not in caplog.text
