"""Values that a platform repeats while they live, and secrets that it refuses."""

from __future__ import annotations

import pytest

from runtime.custody.upkeep import Outcome
from runtime.errors import WeChatRefused, WeComSecretRefused
from tests.runtime.custody.credential_sources import (
    QUICK,
    ClockedStore,
    ScriptedSource,
    fields,
    make_custody,
    make_store,
    make_upkeep,
)

WRONG = WeComSecretRefused(40001, "invalid credential, hint: [1_2_3], from ip: 1.2.3.4")


def repeating(*answers):
    """Return a source of WeCom's kind."""
    return ScriptedSource(repeats=True, answers=list(answers))


@pytest.fixture
def store(redis_server):
    return make_store(redis_server, ClockedStore)


@pytest.fixture
def custody(redis_server, store):
    return make_custody(
        redis_server,
        store=store,
        pace=QUICK,
        # No value is remembered for a second: Redis alone is looked at.
        clock=lambda: store.now,
        wall=lambda: store.now,
        jitter=lambda: 1.0,
    )


class TestTheSameValue:
    def test_it_keeps_its_end(self, custody, store):
        """Whatever the platform says of its life; and it is due at that end alone."""
        source = repeating("T1", "T1", "T2")
        first = custody.get(source)
        store.now += 7100
        again = custody.get(source)
        store.now += 30
        later = custody.get(source)

        assert (first.value, again.value, later.value) == ("T1", "T1", "T1")
        assert (first.seconds, later.seconds) == (7170.0, 40.0)
        assert len(source.fetched) == 2
        store.now += 41
        assert custody.get(source).value == "T2"

    def test_beyond_its_end_it_is_used_for_moments(self, custody, store):
        """It may live longer than it said: until then it is asked for in between."""
        source = repeating(*["T1"] * 3, "T2")
        custody.get(source)
        for _ in range(2):
            store.now += 7200
            assert custody.get(source).seconds == QUICK.spent_before

        store.now += QUICK.spent_before
        assert custody.get(source).value == "T2"

    def test_one_that_was_rejected_is_not_asked_for_at_once(self, custody, store):
        """It stays, with its end, and the platform has three seconds to replace it."""
        source = repeating("T1", "T1", "T2")
        custody.get(source)
        store.now += 1000
        assert custody.reject(source, "T1")
        assert custody.get(source).value == "T1"
        assert custody.get(source).seconds == 6170.0
        assert not custody.reject(source, "T1")
        assert len(source.fetched) == 2

        store.now += 3.1
        assert custody.reject(source, "T1")
        assert custody.get(source).value == "T2"
        assert source.fetched == [False] * 3

    def test_another_value_counts_from_now(self, custody, store):
        """So the rule does no harm where the platform gives a new one each time."""
        source = repeating("T1", "T2")
        custody.get(source)
        store.now += 7100

        custody.get(source)
        assert custody.get(source).value == "T2"
        assert custody.get(source).seconds == 7170.0


class TestARefusedSecret:
    def test_nothing_is_fetched_any_more(self, custody, store):
        """For weeks: each try counts towards a ban of the address."""
        source = repeating(WRONG)
        for _ in range(3):
            with pytest.raises(WeChatRefused) as refused:
                custody.get(source)
            assert refused.value.errcode == 40001
            store.now += 86400

        assert len(source.fetched) == 1

    def test_the_key_outlives_two_days(self, custody, redis_server):
        """Or a wrong Secret would be tried again every other day."""
        with pytest.raises(WeChatRefused):
            custody.get(repeating(WRONG))

        client = redis_server.client()
        assert client.pttl("gateway:credential:{access_token:wx1}") > 20 * 86400 * 1000
        client.close()

    def test_another_revision_is_tried(self, custody, redis_server):
        """The document has changed, perhaps the Secret in it."""
        with pytest.raises(WeChatRefused):
            custody.get(repeating(WRONG))
        changed = ScriptedSource(repeats=True, revision="2")

        assert custody.get(changed).value == "T1"
        assert "stopped" not in fields(redis_server)

    def test_an_operator_may_ask(self, custody, store, redis_server):
        """The timer does not, and a second refusal stops it again."""
        source = repeating(WRONG, WRONG)
        upkeep = make_upkeep(redis_server, store=store)
        with pytest.raises(WeChatRefused):
            custody.get(source)
        assert upkeep.refresh(source) is Outcome.PAUSED
        with pytest.raises(WeChatRefused):
            upkeep.refresh(source, ignore_pause=True)
        with pytest.raises(WeChatRefused):
            custody.get(source)
        assert len(source.fetched) == 2

        assert upkeep.refresh(source, ignore_pause=True) is Outcome.FETCHED
        assert custody.get(source).value == "T3"

    def test_a_value_that_lives_is_used(self, custody, store):
        """WeCom takes it until its end."""
        source = repeating("T1", WRONG)
        custody.get(source)
        store.now += 7100

        assert [custody.get(source).value for _ in range(3)] == ["T1"] * 3
        assert len(source.fetched) == 2
