"""`app check` at the command line: what is printed when, and how it ends."""

from __future__ import annotations

import json

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


def test_at_the_command_line(manage, app):
    """A table, or JSON and nothing else; exit code 1 if WeChat does not come."""
    table = manage(f"app check {APPID} --seconds 0")
    assert (0, "") == (table.code, table.errors)
    assert f"/wechat_event/{APPID}" in table.output
    assert f"not set: app update {APPID} --push" in table.output

    waited = manage(f"app check {APPID} --seconds 1 --json")
    assert 1 == waited.code
    assert "nothing came" in json.loads(waited.output)["faults"][0]


def test_secrets_are_shown_where_they_are_asked_for(manage, app):
    """As `app update --push` has read them."""
    words = f"app update {APPID} --push --secret-stdin"
    assert 0 == manage(words, typed=f"pushtoken\n{'K' * 43}\n").code

    assert "pushtoken" not in manage(f"app check {APPID} --seconds 0").output
    shown = manage(f"app check {APPID} --seconds 0 --secrets").output
    assert "pushtoken" in shown
    assert "K" * 43 in shown
