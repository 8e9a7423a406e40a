"""The command status: each thing that can be wrong, found and with its remedy."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from runtime.errors import WeChatRefused
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.pushes import INBOX
from tests.support.scripted_wechat import APP_SECRET, SERVICE, ScriptedWeChat

STABLE = "/cgi-bin/stable_token"
COMPONENT = "wx" + "c" * 16
REFUSED = "invalid ip 198.51.100.7, not in whitelist"


@pytest.fixture
def wechat():
    return ScriptedWeChat()


@pytest.fixture
def clock():
    """A clock that begins now, since the files of documents are made now."""
    return SimpleNamespace(now=time.time() + 1)


@pytest.fixture
def gateway(settings, wechat, clock):
    made = Gateway(settings, transport=wechat, clock=lambda: clock.now)
    app = {"kind": "service", "secret": APP_SECRET}
    made.documents.write("apps", SERVICE, app, after=0)
    return made


def status(gateway):
    return perform(operation("status", "show").run, gateway, {})


def test_all_is_well(gateway):
    """The figures, and no faults, so that the exit code is 0."""
    answer = status(gateway)

    assert (answer["redis"], answer["config"], answer["apps"]) == ("ok", "ok", 1)
    assert answer["state"] == "all is well"
    assert "faults" not in answer


def test_a_token_that_cannot_be_fetched(gateway, wechat):
    """The cause in words, with the address that WeChat sees, and what to do."""
    wechat.script(STABLE, {"errcode": 40164, "errmsg": REFUSED})
    with pytest.raises(WeChatRefused):
        gateway.calls.real_token(gateway.registry.app(SERVICE))
    (fault,) = status(gateway)["faults"]

    assert fault["of"] == SERVICE
    assert "198.51.100.7" in fault["what"]
    assert "calls fail" in fault["what"]
    assert f"token show {SERVICE}" in fault["mend"]


def test_tickets_dead_letters_and_documents(gateway, redis_server, clock):
    """Each is found although the others are there."""
    component = {"kind": "component", "secret": APP_SECRET, "token": "T" * 8}
    gateway.documents.write("apps", COMPONENT, component, after=0)
    clock.now += 1800
    redis_server.client().zadd(f"{INBOX}:dead", {f"{SERVICE}:1:{SERVICE}/1-0/r": 0})
    gateway.documents.write("clients", "broken", {"name": 7}, after=0)
    found = {each["of"]: each for each in status(gateway)["faults"]}

    assert set(found) == {COMPONENT, SERVICE, "clients/broken"}
    assert "component status" in found[COMPONENT]["mend"]
    assert "1 deliver" in found[SERVICE]["what"]
    assert found["clients/broken"]["mend"] == "manage.py store check"


def test_a_component_that_was_just_added(gateway, clock):
    """Nothing is wrong while its first ticket may be on its way."""
    component = {"kind": "component", "secret": APP_SECRET, "token": "T" * 8}
    gateway.documents.write("apps", COMPONENT, component, after=0)

    assert "faults" not in status(gateway)
    clock.now += 1800
    (fault,) = status(gateway)["faults"]
    assert (COMPONENT, "No verify ticket has come.") == (fault["of"], fault["what"])


def test_redis_away_hides_nothing_else(tmp_path):
    """What is away is named, once, and the documents are still looked at."""
    environ = make_environ(tmp_path, f"redis://127.0.0.1:{free_port()}/0")
    made = Gateway(settings_from(environ))
    made.documents.write("clients", "broken", {"name": 7}, after=0)
    answer = status(made)

    assert answer["redis"] == "away"
    assert [each["of"] for each in answer["faults"]] == ["redis", "clients/broken"]
    assert answer["tokens_in_use"] is None
