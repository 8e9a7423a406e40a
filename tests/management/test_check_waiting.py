"""`app check` at the command line: what is printed when, and how it ends."""

from __future__ import annotations

import json
import os
import re

import pytest

from management.check_waiting import check_app
from tests.management.conftest import APPID

ENTER = [{"field": "URL", "value": "https://gateway.example.com/wechat_event/x"}]
OLD = {"time": "T0", "what": "check", "outcome": "accepted", "meaning": "", "at": 1.0}
WRONG = {
    **{"time": "T1", "what": "check", "outcome": "refused, signature"},
    **{"meaning": "compare the Token", "at": 12.0},
}
RIGHT = {"time": "T2", "what": "push", "outcome": "accepted", "meaning": "", "at": 15.0}


class Gateway:
    """Answers as the verb does: what comes, comes with the calls after the first."""

    def __init__(self, *comes):
        self.comes = [[OLD], *comes]
        self.calls = []
        self.now = 0.0

    def __call__(self, arguments):
        self.calls.append(arguments)
        self.now += arguments.get("wait", 0)
        seen = self.comes.pop(0) if self.comes else []
        return {"appid": APPID, "now": 10.0, "enter": ENTER, "seen": seen}

    def check(self, seconds):
        self.told = []
        return check_app(
            self,
            {"appid": APPID},
            seconds=seconds,
            tell=self.told.append,
            clock=lambda: self.now,
        )


def without_at(row):
    return {name: value for name, value in row.items() if name != "at"}


def test_without_waiting():
    """What to enter and what came last, in one answer."""
    gateway = Gateway()

    answer = {"appid": APPID, "enter": ENTER, "seen": [without_at(OLD)]}
    assert answer == gateway.check(0)
    assert ([{"appid": APPID}], []) == (gateway.calls, gateway.told)


def test_it_tells_what_comes_and_ends_with_what_is_accepted():
    """A refusal is told at once, and it goes on."""
    gateway = Gateway([], [WRONG], [RIGHT], [OLD])
    answer = gateway.check(300)

    assert [without_at(WRONG), without_at(RIGHT)] == answer["seen"]
    assert "faults" not in answer
    assert [10.0, 10.0, 12.0] == [each["since"] for each in gateway.calls[1:]]
    first, waiting, *came = gateway.told
    assert (first["enter"], first["seen"]) == (ENTER, [without_at(OLD)])
    assert waiting["waiting"].startswith("300 s for WeChat")
    assert [each["came"] for each in came] == [
        "T1 check refused, signature compare the Token",
        "T2 push accepted",
    ]


@pytest.mark.parametrize(
    ("comes", "word"), [((), "nothing came"), (([WRONG],), "nothing that is accepted")]
)
def test_nothing_in_time(comes, word):
    """A fault, so that a script sees it by the exit code; no call waits too long."""
    gateway = Gateway(*comes)
    (fault,) = gateway.check(50)["faults"]

    assert fault.startswith(word)
    assert [20.0, 20.0, 10.0] == [each["wait"] for each in gateway.calls[1:]]


@pytest.fixture
def entered(manage, sandbox_environ, sandbox):
    """The sandbox's website app and service account; return their appids by kind."""
    os.environ.update(sandbox_environ)
    found = {kind: sandbox.app(kind) for kind in ("service", "website")}
    for kind, app in found.items():
        words = f"app add {app['appid']} --kind {kind} --secret-stdin"
        assert 0 == manage(words, typed=f"{app['secret']}\n").code
    return {kind: app["appid"] for kind, app in found.items()}


def test_at_the_command_line(manage, entered):
    """A table, or JSON and nothing else; exit code 1 if WeChat does not come."""
    appid = entered["service"]
    table = manage(f"app check {appid} --seconds 0")
    assert (0, "") == (table.code, table.errors)
    assert f"/wechat_event/{appid}" in table.output
    assert f"not set: app update {appid} --push" in " ".join(table.output.split())
    assert re.search(r"(?m)^AppSecret +ok ", table.output)

    waited = manage(f"app check {appid} --seconds 1 --json")
    assert 1 == waited.code
    assert "nothing came" in json.loads(waited.output)["faults"][0]


def test_what_is_wrong_at_wechat_is_the_exit_code(manage, entered, sandbox):
    """Where WeChat pushes nothing there is nothing to wait for."""
    done = manage(f"app check {entered['website']} --json")
    assert (1, ["callback domain"]) == (done.code, done.json["faults"])

    sandbox.control(
        "apps", appid=entered["website"], callback_domain="gateway.example.com"
    )
    assert 0 == manage(f"app check {entered['website']}").code
    assert 0 == manage(f"app check {entered['service']} --seconds 0 --json").code


def test_a_fault_stays_one_while_it_waits(manage, entered, sandbox):
    """It is told before, and in the answer."""
    appid = entered["service"]
    sandbox.control("apps", appid=appid, ip_whitelist=["10.1.2.3"])
    done = manage(f"app check {appid} --seconds 1")

    assert 1 == done.code
    assert done.output.index("127.0.0.1") < done.output.index("waiting")
    assert "IP whitelist" in done.output.rpartition("faults")[2]


def test_secrets_are_shown_where_they_are_asked_for(manage, app):
    """As `app update --push` has read them."""
    os.environ["WECHAT_API_URL"] = "http://127.0.0.1:1"
    words = f"app update {APPID} --push --secret-stdin"
    assert 0 == manage(words, typed=f"pushtoken\n{'K' * 43}\n").code

    assert "pushtoken" not in manage(f"app check {APPID} --seconds 0").output
    shown = manage(f"app check {APPID} --seconds 0 --secrets").output
    assert "pushtoken" in shown
    assert "K" * 43 in shown
