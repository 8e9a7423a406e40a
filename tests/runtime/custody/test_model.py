"""Promises of the token protocol, in every state that its model can reach."""

from __future__ import annotations

import logging
from itertools import combinations_with_replacement

import pytest

from tests.runtime.custody.explorer import explore
from tests.runtime.custody.protocol_model import Had, Process, State

log = logging.getLogger(__name__)

PAIRS = [
    pair for n in (0, 1, 2) for pair in combinations_with_replacement(Had._fields, n)
]
TRIPLES = [("sleeps", "crashes", "losses"), ("sleeps", "failures", "losses")]
PLAIN, STABLE = {"plain": True}, {"plain": False}

REPEATS = {"plain": False, "repeats": True}
"""WeCom's rule: a fetch brings the same token while that lives."""

MODES = [
    pytest.param(PLAIN, id="plain"),
    pytest.param(STABLE, id="stable"),
]

RETIRED = "the stored value is retired, and nobody replaces it early"

TEETH = [
    ("lease", PLAIN, (), "two holders of the lease fetch at once"),
    ("takeover", PLAIN, ("sleeps",), "somebody waits forever"),
    ("fence", PLAIN, ("sleeps",), "a late answer overwrites a newer one"),
    ("lapse", STABLE, ("sleeps",), "a dead value is served"),
    ("holder", PLAIN, ("sleeps", "losses"), RETIRED),
    ("emptied", PLAIN, ("sleeps", "losses"), RETIRED),
    ("early refresh", PLAIN, ("sleeps",), RETIRED),
    ("suspect", PLAIN, ("sleeps",), RETIRED),
    ("lost answer", PLAIN, ("sleeps", "failures"), RETIRED),
    ("compare", PLAIN, ("sleeps",), "a rejection drops another value"),
    ("asking again", PLAIN, ("intrusions",), "a call is served a dead value twice"),
    ("comparison", STABLE, ("intrusions",), "a call is served a dead value twice"),
    ("comparison", STABLE, ("intrusions",), "4 fetches for one expiry"),
    (
        "force limit",
        STABLE,
        ("sleeps", "intrusions"),
        "force_refresh by one who may not",
    ),
    (
        "force held",
        STABLE,
        ("sleeps", "intrusions"),
        "force_refresh by one who may not",
    ),
    ("old expiry", REPEATS, (), "a dead value is served"),
    ("same value", REPEATS, ("intrusions",), "a call is served a dead value twice"),
    ("wait", REPEATS, ("intrusions",), "5 fetches for one expiry"),
    ("compare", REPEATS, ("sleeps",), "a rejection drops another value"),
]


def explored(misfortunes, *, mode, processes=2, without=(), seek=""):
    """Explore from an empty Redis, with these misfortunes in any order."""
    may = Had(**{each: misfortunes.count(each) for each in misfortunes})
    first = State(**mode, processes=(Process(),) * processes)
    found = explore(first, may, frozenset(without), seek=seek)
    story = "\n".join(found.story)
    log.info("%s states: %s\n%s", found.states, found.broken or "sound", story)
    return found


@pytest.mark.parametrize("mode", MODES)
class TestEveryState:
    @pytest.mark.parametrize("misfortunes", PAIRS, ids=" ".join)
    def test_two_processes_and_two_misfortunes(self, mode, misfortunes):
        """No order of their steps breaks a promise or lets a call wait forever."""
        found = explored(misfortunes, mode=mode)

        assert ("", ()) == (found.broken, found.story), f"{found.states} states"

    @pytest.mark.parametrize("misfortunes", TRIPLES, ids=" ".join)
    def test_two_processes_and_three_misfortunes(self, mode, misfortunes):
        """A third misfortune finds nothing that two did not."""
        found = explored(misfortunes, mode=mode)

        assert ("", ()) == (found.broken, found.story), f"{found.states} states"

    def test_three_processes(self, mode):
        """A third process is no worse than a second."""
        found = explored(("sleeps", "crashes"), mode=mode, processes=3)

        assert ("", ()) == (found.broken, found.story), f"{found.states} states"


@pytest.mark.parametrize(
    "misfortunes",
    [*((each,) for each in Had._fields), ("intrusions", "intrusions")],
    ids=" ".join,
)
def test_a_platform_that_repeats_its_token(misfortunes):
    """No promise is broken where a fetch brings the same token while that lives.

    Also where it ends early, or comes again although it is dead.
    """
    found = explored(misfortunes, mode=REPEATS)

    assert ("", ()) == (found.broken, found.story), f"{found.states} states"


class TestTeeth:
    @pytest.mark.parametrize(
        ("guard", "mode", "misfortunes", "broken"),
        TEETH,
        ids=[f"{t[0]}-{len(t[1])}" for t in TEETH],
    )
    def test_every_guard_is_needed(self, guard, mode, misfortunes, broken):
        """Without it, some path breaks a promise."""
        found = explored(misfortunes, mode=mode, without=[guard], seek=broken)

        assert found.broken == broken, f"{found.states} states"
        assert found.story
