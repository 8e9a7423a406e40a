"""Times and counts of the token protocol, each on both sides: not before, not after."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from runtime.custody.lease import Lease
from runtime.custody.protocol import CredentialValue, Pace, RateCost, Refusal, Verdict
from runtime.custody.upkeep import Upkeep
from tests.runtime.custody.credential_sources import (
    MIDNIGHT,
    ClockedStore,
    ScriptedSource,
    make_store,
)

A_MOMENT = 0.001
DAY = 86_400.0
NAME = "access_token:wx1"


class Custodian:
    """One process, which takes one step of the protocol at a time."""

    def __init__(self, store, pace):
        self.store = store
        self.lease = Lease(store, NAME, pace=pace)
        self.held = ("", "0")
        self._asked = 0

    def wait(self, seconds):
        self.store.now += seconds

    def acquire(self, *, holder=None, revision="1", **more):
        self._asked += 1
        holder = holder or f"holder-{self._asked}"
        acquired = self.lease.acquire(holder, revision=revision, **more)
        if acquired.verdict in (Verdict.MINE, Verdict.DUE):
            self.held = holder, acquired.fence
        return acquired

    def verdict(self, **more):
        return self.acquire(**more).verdict.value

    def commit(self, value, *, seconds=7200.0, due_in=7000.0, fetches=1):
        """Store a value as the holder of the lease; tell whether it was stored."""
        credential = CredentialValue(value, seconds)
        stands = self.lease.commit(
            *self.held, credential, due_in=due_in, fetches=fetches, retires=False
        )
        return stands.is_stored

    def store_value(self, value, **more):
        """Take the lease and store a value."""
        assert self.verdict() in ("MINE", "DUE")
        assert self.commit(value, **more)

    def give_up(self, *, jitter=1.0):
        refusal = Refusal(40164, "invalid ip")
        self.lease.give_up(
            *self.held, refusal, revision="1", jitter=jitter, fetches=1, retires=False
        )

    def claim_force(self):
        """Take or keep the lease, as there is no value, and claim a forced fetch."""
        assert self.verdict(holder="forcing") == "MINE"
        return self.lease.claim_force(*self.held)

    def today(self):
        report = Upkeep(self.store).describe(ScriptedSource())
        return report.fetches_today, report.forced_today


@pytest.fixture
def make(redis_server):
    """Give custodians whose Redis tells the time that the test sets."""

    def one(**pace):
        return Custodian(make_store(redis_server, ClockedStore), Pace(**pace))

    return one


class TestRate:
    COST = RateCost("shop", per_second=2, burst=4)

    def paid(self, custodian, count):
        """Take up to so many; return how many were, or the seconds to wait for one."""
        acquired = custodian.acquire(cost=self.COST, count=count)
        if acquired.verdict is Verdict.LIMITED:
            return acquired.lease_seconds
        return acquired.paid

    def test_a_bucket_is_refilled_at_its_rate(self, make):
        """Half a second for each unit, to the millisecond."""
        custodian = make()
        assert [4, 0.5] == [self.paid(custodian, 9) for _ in "ab"]
        custodian.wait(0.5 - A_MOMENT)
        assert self.paid(custodian, 9) in (A_MOMENT, 2 * A_MOMENT)  # rounded up
        custodian.wait(A_MOMENT)
        assert [1, 0.5] == [self.paid(custodian, 9) for _ in "ab"]
        custodian.wait(1.5)

        assert [1, 2, 0.5] == [self.paid(custodian, count) for count in (1, 9, 9)]

    def test_a_bucket_holds_no_more_than_its_burst(self, make):
        """However long there is no call."""
        custodian = make()
        self.paid(custodian, 4)
        custodian.wait(3600)

        assert [4, 0.5] == [self.paid(custodian, 9) for _ in "ab"]

    def test_a_refused_call_puts_nothing_off(self, make):
        """A client that asks again and again is served as early as one that waits."""
        custodian = make()
        self.paid(custodian, 4)
        refused = []
        for _ in range(5):
            custodian.wait(0.1)
            refused.append(self.paid(custodian, 1))

        assert [pytest.approx(each) for each in (0.4, 0.3, 0.2, 0.1, 1)] == refused

    def test_a_bucket_lives_until_it_is_full_and_a_second_more(
        self, make, redis_server
    ):
        """Its key ends later than its refill, so the refill is what fills it."""
        self.paid(make(), 4)
        with redis_server.client() as client:
            life = client.pttl(f"gateway:credential:{{{NAME}}}:rate:shop")

        assert 2000 < life <= 3000


class TestRejections:
    def test_twenty_at_once_and_one_a_minute(self, make):
        """Beyond that the value stays, whoever rejects it."""
        custodian = make()

        def rejected():
            custodian.store_value("T")
            return custodian.lease.reject("T")

        assert [True] * 20 == [rejected() for _ in range(20)]
        custodian.store_value("T")
        assert not custodian.lease.reject("T")
        custodian.wait(60 - A_MOMENT)
        assert not custodian.lease.reject("T")
        custodian.wait(A_MOMENT)
        assert custodian.lease.reject("T")
        custodian.store_value("T")
        assert not custodian.lease.reject("T")

    def test_no_more_than_twenty_are_saved_up(self, make):
        """After a quiet hour as many as at the beginning."""
        custodian, told = make(), []
        for wait in (3600, 3600):
            custodian.wait(wait)
            for _ in range(21):
                if custodian.verdict() == "MINE":
                    custodian.commit("T", due_in=100_000, seconds=100_000)
                told.append(custodian.lease.reject("T"))

        assert ([True] * 20 + [False]) * 2 == told

    def test_a_refund_gives_back_one(self, make):
        """The rejection was right: the next one is free."""
        custodian = make(rejections=1)
        for _ in range(3):
            custodian.store_value("T")
            assert custodian.lease.reject("T")
            custodian.lease.refund()
        custodian.store_value("T")

        assert [True, False] == [custodian.lease.reject("T"), again(custodian)]


def again(custodian):
    """Store the value once more and reject it."""
    custodian.store_value("T")
    return custodian.lease.reject("T")


class TestPause:
    def test_it_doubles_up_to_five_minutes(self, make):
        """Nobody asks WeChat before it is over, and one does as soon as it is."""
        custodian = make()
        assert custodian.verdict() == "MINE"
        for pause in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300):
            custodian.give_up()
            custodian.wait(pause - A_MOMENT)
            assert custodian.verdict() == "PAUSED", pause
            custodian.wait(A_MOMENT)
            assert custodian.verdict() == "MINE", pause

    @pytest.mark.parametrize(("jitter", "pause"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
    def test_jitter_shortens_it_by_half_at_most(self, make, jitter, pause):
        """So that the gateways of one account do not ask together."""
        custodian = make()
        custodian.acquire()
        custodian.give_up(jitter=jitter)
        custodian.wait(pause - A_MOMENT)
        assert custodian.verdict() == "PAUSED"
        custodian.wait(A_MOMENT)

        assert custodian.verdict() == "MINE"

    def test_a_success_begins_it_anew(self, make):
        """The next refusal is followed by a second, not by the doubled pause."""
        custodian = make()
        custodian.acquire()
        for pause in (1, 2):
            custodian.give_up()
            custodian.wait(pause)
            custodian.acquire()
        custodian.commit("T", seconds=1)
        custodian.wait(1)
        custodian.acquire()
        custodian.give_up()
        custodian.wait(1)

        assert custodian.verdict() == "MINE"


class TestForce:
    def test_thirty_seconds_lie_between_two(self, make):
        """Earlier WeChat would refuse it; a refused claim puts the next one off by
        nothing."""
        custodian = make()
        assert custodian.claim_force() == "granted"
        for wait in (15, 15 - A_MOMENT):
            custodian.wait(wait)
            assert custodian.claim_force() == "refused"
        custodian.wait(A_MOMENT)

        assert custodian.claim_force() == "granted"

    def test_twenty_a_day_and_the_day_is_chinas(self, make):
        """The twenty-first waits for midnight there, as WeChat's own count does."""
        custodian = make()
        custodian.wait(10)
        for _ in range(20):
            assert custodian.claim_force() == "granted"
            custodian.wait(30)
        assert custodian.claim_force() == "refused"
        custodian.store.now = MIDNIGHT + DAY - A_MOMENT
        assert custodian.claim_force() == "refused"
        assert custodian.today() == (0, 20)
        custodian.wait(A_MOMENT)

        assert custodian.today() == (0, 0)
        assert custodian.claim_force() == "granted"
        assert custodian.today() == (0, 1)

    def test_what_wechat_insists_on_is_kept_for_thirty_seconds(self, make):
        """After that time it may be rejected again."""
        custodian = make()
        custodian.store_value("T")
        assert custodian.lease.reject("T")
        assert custodian.claim_force() == "granted"
        custodian.wait(10)
        assert custodian.claim_force() == "refused"
        custodian.commit("T")
        custodian.wait(30 - A_MOMENT)
        assert not custodian.lease.reject("T")
        custodian.wait(A_MOMENT)

        assert custodian.lease.reject("T")


class TestFetchesToday:
    def test_they_are_counted_until_midnight_in_china(self, make):
        """Those that failed and those that came too late, too."""
        custodian = make()
        custodian.wait(-1)
        custodian.acquire()
        custodian.give_up()
        custodian.acquire(revision="2")
        custodian.commit("T", fetches=3)
        custodian.commit("LATE", fetches=1)
        custodian.wait(1 - A_MOMENT)
        assert custodian.today() == (5, 0)
        custodian.wait(A_MOMENT)
        assert custodian.today() == (0, 0)
        custodian.wait(7000)
        custodian.store_value("T2")

        assert custodian.today() == (1, 0)


class TestLease:
    def test_it_lasts_and_can_be_renewed(self, make):
        """Nobody else gets it before it has run out."""
        custodian, other = make(), make()
        other.store = custodian.store
        other.lease = Lease(custodian.store, NAME, pace=Pace())
        custodian.acquire(holder="first")
        custodian.wait(0.6 - A_MOMENT)
        assert other.verdict(holder="second") == "WAIT"
        assert custodian.lease.renew(*custodian.held)
        custodian.wait(0.6 - A_MOMENT)
        assert other.verdict(holder="second") == "WAIT"
        custodian.wait(A_MOMENT)
        assert other.verdict(holder="second") == "MINE"

        assert not custodian.lease.renew(*custodian.held)

    @pytest.mark.parametrize(("late", "stored"), [(-A_MOMENT, True), (0.0, False)])
    def test_a_commit_counts_for_ten_seconds_after_it(self, make, late, stored):
        """A busy machine renews late; who slept longer may hold an old answer."""
        custodian = make()
        custodian.acquire()
        custodian.wait(0.6 + 10 + late)

        assert stored == custodian.commit("T")

    def test_a_value_is_fresh_then_due_then_gone(self, make):
        """While one replaces it, the others go on with it."""
        custodian = make()
        custodian.store_value("T", due_in=100, seconds=200)
        custodian.wait(100 - A_MOMENT)
        assert custodian.verdict() == "FRESH"
        custodian.wait(A_MOMENT)
        assert [custodian.verdict() for _ in "ab"] == ["DUE", "FRESH"]
        custodian.wait(100 - A_MOMENT)
        acquired = custodian.acquire()
        assert (acquired.verdict, acquired.credential) == (
            Verdict.DUE,
            CredentialValue("T", A_MOMENT),
        )
        custodian.wait(A_MOMENT)

        assert custodian.verdict() == "WAIT"

    def test_the_timer_comes_earlier_by_its_lead(self, make):
        """What will be due within that time is due for the timer."""
        custodian = make()
        custodian.store_value("T", due_in=100)
        custodian.wait(70 - A_MOMENT)
        assert custodian.verdict(ahead=30) == "FRESH"
        custodian.wait(A_MOMENT)

        assert custodian.verdict() == "FRESH"
        assert custodian.verdict(ahead=30) == "DUE"


def test_the_default_pace():
    """The times and counts that docs/token-custody.md and WeChat's limits ask for."""
    assert asdict(Pace()) == {
        "lease": 0.6,
        "renew_every": 0.15,
        "wait": 10.0,
        "due_before": 120.0,
        "ahead": 120.0,
        "spent_before": 30.0,
        "first_pause": 1.0,
        "longest_pause": 300.0,
        "network_pause": 15.0,
        "rejections": 20,
        "rejection_every": 60.0,
        "forced_a_day": 20,
        "forced_gap": 30.0,
        "repeated_wait": 3.0,
    }


class TestDescribe:
    def test_it_never_shows_a_value(self, make):
        """Neither the stored nor the rejected nor the insisted one, nor the holder."""
        custodian = make(forced_a_day=0)
        custodian.store_value("STORED")
        shown = [custodian.lease.describe()]
        custodian.lease.reject("STORED")
        assert custodian.claim_force() == "refused"
        shown.append(custodian.lease.describe())
        custodian.commit("STORED")
        custodian.wait(7100)
        custodian.acquire(holder="HOLDER")
        shown.append(custodian.lease.describe())

        assert not {"STORED", "HOLDER"} & {
            value for each in shown for value in each.values()
        }
        hidden = {"value", "rejected", "insisted", "holder", "done", "claimed"}
        assert all(not hidden & each.keys() for each in shown)
        assert all({"now", "fence", "fetches"} <= each.keys() for each in shown)


class TestClockSetBack:
    """Redis' clock is set back by an hour."""

    def test_no_lease_lasts_longer_for_it(self, make):
        """Its holder has died: the next caller fetches."""
        custodian = make()
        custodian.acquire(holder="dead")
        custodian.wait(-3600)

        assert custodian.verdict() == "MINE"
        assert not custodian.lease.renew("dead", "1")

    def test_no_pause_lasts_longer_for_it(self, make):
        """WeChat is asked again."""
        custodian = make()
        custodian.acquire()
        custodian.give_up()
        custodian.wait(-3600)

        assert custodian.verdict() == "MINE"

    def test_a_value_is_replaced_and_lives_no_longer(self, make):
        """Its end by Redis' clock is an hour too late."""
        custodian = make()
        custodian.store_value("T", seconds=7200.0)
        custodian.wait(-3600)
        acquired = custodian.acquire()

        assert acquired.verdict is Verdict.DUE
        assert acquired.credential == CredentialValue("T", 7200.0)

    def test_a_rate_is_not_exhausted_by_it(self, make):
        """The next unit comes as early as before."""
        custodian = make()
        cost = RateCost("shop", per_second=2, burst=4)
        assert 4 == custodian.acquire(cost=cost, count=9).paid
        custodian.wait(-3600)
        acquired = custodian.acquire(cost=cost)
        assert (acquired.verdict, acquired.lease_seconds) == (Verdict.LIMITED, 0.5)

    def test_rejections_are_refilled_at_their_pace(self, make):
        """And force_refresh is not barred for an hour."""
        custodian = make(rejections=1)
        custodian.store_value("T")
        assert custodian.lease.reject("T")
        assert custodian.claim_force() == "granted"
        custodian.wait(-3600)

        assert custodian.claim_force() == "granted"
