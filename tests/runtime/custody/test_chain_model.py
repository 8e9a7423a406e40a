"""Promises of the open platform's chain, in every state that its model can reach."""

from __future__ import annotations

import logging

import pytest

from tests.runtime.custody.chain_model import Had, explore

log = logging.getLogger(__name__)

MISFORTUNES = [
    Had(expiries=2),
    Had(expiries=1, crashes=2),
    Had(expiries=1, sleeps=2),
    Had(expiries=1, sleeps=1, crashes=1),
    Had(expiries=1, losses=1, crashes=1),
    Had(expiries=1, losses=1, sleeps=1),
    Had(expiries=1, anew=1, sleeps=1),
    Had(expiries=1, anew=1, crashes=1),
    Had(anew=1, sleeps=1, crashes=1),
]

DURABLE = "a token counts before its refresh token is durable"
OLDER = "an older refresh token replaces a newer one"
ASKED = "WeChat is asked for what Redis or the document has"

TEETH = [
    ("save first", Had(), DURABLE),
    ("compare", Had(anew=1), OLDER),
    ("pending", Had(crashes=1), ASKED),
    ("forget", Had(expiries=1, sleeps=1, crashes=1), ASKED),
    ("by base", Had(expiries=1, sleeps=1, crashes=1), ASKED),
    ("reading anew", Had(anew=1), ASKED),
    ("looking again", Had(sleeps=1), ASKED),
    ("asking", Had(crashes=1), "nobody gets a token any more"),
    ("put fence", Had(anew=1), "a late answer overwrites a newer token"),
]


def explored(may, without=()):
    found = explore(may, frozenset(without))
    story = "\n".join(found.story)
    log.info("%s states: %s\n%s", found.states, found.broken or "sound", story)
    return found


@pytest.mark.parametrize("may", MISFORTUNES, ids=str)
def test_every_state(may):
    """No order of the steps of two processes breaks a promise, or loses a token."""
    found = explored(may)

    assert ("", ()) == (found.broken, found.story), f"{found.states} states"


@pytest.mark.parametrize(("guard", "may", "broken"), TEETH, ids=[t[0] for t in TEETH])
def test_every_guard_is_needed(guard, may, broken):
    """Without it, some path breaks a promise."""
    found = explored(may, [guard])

    assert found.broken == broken, f"{found.states} states"
    assert found.story
