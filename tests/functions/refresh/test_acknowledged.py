"""An alarm that an operator has acknowledged: others see it, and it ends."""

from __future__ import annotations

import json
from functools import partial

import pytest

from functions.refresh.alert_round import tell
from runtime.alerts.state import KEY
from runtime.operations.refusals import UnknownDocument
from runtime.operations.verbs import operation, perform
from runtime.registry.schema import InvalidDocument

BROKEN = "clients/broken"


@pytest.fixture
def broken(gateway):
    """A document that cannot be read; return what mends it."""
    made = gateway.documents.write("clients", "broken", {"name": 7}, after=0)
    return lambda: gateway.documents.remove("clients", "broken", after=made)


def do(gateway, command, **arguments):
    return perform(operation(*command.split()).run, gateway, arguments)


def acknowledge(gateway, **changed):
    given = {"condition": "unreadable", "of": BROKEN, "by": "Li Lei", **changed}
    return do(gateway, "alert acknowledge", **given)


def rounds(gateway, *, number):
    now = gateway.redis_store.time()
    for count in range(number):
        tell(gateway, clock=partial(float, now + 60 * (count + 1)))


def fault(gateway):
    """What status says of the document, "" if nothing."""
    faults = do(gateway, "status show").get("faults", [])
    return next((each["what"] for each in faults if each["of"] == BROKEN), "")


def test_others_see_it(gateway, broken):
    """Who takes care, and that it is wrong all the same."""
    assert "Acknowledged" not in fault(gateway)
    acknowledge(gateway)
    rounds(gateway, number=3)

    assert "Acknowledged" in fault(gateway)
    assert "by Li Lei" in fault(gateway)


def test_it_ends_with_its_condition(gateway, broken):
    """What comes again has to be acknowledged again, and nothing is kept meanwhile."""
    acknowledge(gateway)
    rounds(gateway, number=2)
    broken()
    rounds(gateway, number=6)
    state = json.loads(gateway.redis_store.get(KEY))
    assert state["seen"] == {}
    gateway.documents.write("clients", "broken", {"name": 7}, after=2)

    assert fault(gateway)
    assert "Acknowledged" not in fault(gateway)


def test_an_alarm_that_is_not_there(gateway):
    """Nothing is acknowledged in advance."""
    with pytest.raises(UnknownDocument):
        acknowledge(gateway)
    assert gateway.redis_store.get(KEY) is None


@pytest.mark.parametrize(
    "wrong", [{"condition": "no_such_word"}, {"of": "a b"}, {"by": ""}]
)
def test_malformed(gateway, broken, wrong):
    with pytest.raises(InvalidDocument):
        acknowledge(gateway, **wrong)


def test_two_operators_at_a_time(gateway, broken, monkeypatch):
    """The state that a round changes meanwhile is read again."""
    acknowledge(gateway, by="Han Meimei")
    read = gateway.redis_store.get
    raced = []

    def racing(key):
        found = read(key)
        if key == KEY and not raced:
            raced.append(key)
            rounds(gateway, number=1)
        return found

    monkeypatch.setattr(gateway.redis_store, "get", racing)
    acknowledge(gateway, by="Li Lei")

    assert raced
    assert "by Li Lei" in fault(gateway)
