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
MODES = [pytest.param(True, id="plain"), pytest.param(False, id="stable")]

RETIRED = "the stored value is retired, and nobody replaces it early"

TEETH = [
    ("lease", True, (), "two holders of the lease fetch at once"),
    ("takeover", True, ("sleeps",), "somebody waits forever"),
    ("fence", True, ("sleeps",), "a late answer overwrites a newer one"),
    ("lapse", False, ("sleeps",), "a dead value is served"),
    ("holder", True, ("sleeps", "losses"), RETIRED),
    ("emptied", True, ("sleeps", "losses"), RETIRED),
    ("early refresh", True, ("sleeps",), RETIRED),
    ("suspect", True, ("sleeps",), RETIRED),
    ("lost answer", True, ("sleeps", "failures"), RETIRED),
    ("compare", True, ("sleeps",), "a rejection drops another value"),
    ("asking again", True, ("intrusions",), "a call is served a dead value twice"),
    ("comparison", False, ("intrusions",), "a call is served a dead value twice"),
    ("comparison", False, ("intrusions",), "4 fetches for one expiry"),
    (
        "force limit",
        False,
        ("sleeps", "intrusions"),
        "force_refresh by one who may not",
    ),
    ("force held", False, ("sleeps", "intrusions"), "force_refresh by one who may not"),
]


def explored(misfortunes, *, plain, processes=2, without=(), seek=""):
    """Explore from an empty Redis, with these misfortunes in any order."""
    may = Had(**{each: misfortunes.count(each) for each in misfortunes})
    first = State(plain=plain, processes=(Process(),) * processes)
    found = explore(first, may, frozenset(without), seek=seek)
    story = "\n".join(found.story)
    log.info("%s states: %s\n%s", found.states, found.broken or "sound", story)
    return found


@pytest.mark.parametrize("plain", MODES)
class TestEveryState:
    @pytest.mark.parametrize("misfortunes", PAIRS, ids=" ".join)
    def test_two_processes_and_two_misfortunes(self, plain, misfortunes):
        """No order of their steps breaks a promise or lets a call wait forever."""
        found = explored(misfortunes, plain=plain)

        assert ("", ()) == (found.broken, found.story), f"{found.states} states"

    @pytest.mark.parametrize("misfortunes", TRIPLES, ids=" ".join)
    def test_two_processes_and_three_misfortunes(self, plain, misfortunes):
        """A third misfortune finds nothing that two did not."""
        found = explored(misfortunes, plain=plain)

        assert ("", ()) == (found.broken, found.story), f"{found.states} states"

    def test_three_processes(self, plain):
        """A third process is no worse than a second."""
        found = explored(("sleeps", "crashes"), plain=plain, processes=3)

        assert ("", ()) == (found.broken, found.story), f"{found.states} states"


class TestTeeth:
    @pytest.mark.parametrize(
        ("guard", "plain", "misfortunes", "broken"), TEETH, ids=[t[0] for t in TEETH]
    )
    def test_every_guard_is_needed(self, guard, plain, misfortunes, broken):
        """Without it, some path breaks a promise."""
        found = explored(misfortunes, plain=plain, without=[guard], seek=broken)

        assert found.broken == broken, f"{found.states} states"
        assert found.story
