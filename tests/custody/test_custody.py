"""The promises of token custody, on a real Redis."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.errors import (
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from tests.custody.sources import (
    QUICK,
    ScriptedSource,
    fields,
    make_custody,
    make_due,
    make_expired,
    set_field,
)

SLOW = replace(QUICK, lease=5, renew_every=2)


def all_at_once(calls):
    """Run the calls in parallel and return their results or errors."""

    def run(call):
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(20) for each in [pool.submit(run, call) for call in calls]]


class TestOneFetch:
    def test_many_callers_of_many_processes_fetch_once(self, redis_server):
        """One expiry, one fetch, and everybody has the same value."""
        source = ScriptedSource(gate=lambda: time.sleep(0.1))
        custodies = [make_custody(redis_server) for _ in range(4)]

        tokens = all_at_once(
            [lambda c=c: c.get(source).value for c in custodies for _ in range(25)]
        )

        assert tokens == ["T1"] * 100
        assert source.fetched == [False]

    def test_a_waiting_process_sends_two_commands(self, redis_server):
        """Threads share one wait; waiters are woken and do not poll."""
        held = threading.Event()
        source = ScriptedSource(gate=lambda: held.wait(5))
        holder, waiter = make_custody(redis_server), make_custody(redis_server)
        with ThreadPoolExecutor(26) as pool:
            first = pool.submit(holder.get, source)
            while "holder" not in fields(redis_server):
                time.sleep(0.005)
            waiter._store.get("warm the connection")
            before = commands(redis_server)
            others = [pool.submit(waiter.get, source) for _ in range(25)]
            time.sleep(0.1)
            held.set()
            assert {each.result(5).value for each in [first, *others]} == {"T1"}

        after = commands(redis_server)
        assert after["blmove"] - before.get("blmove", 0) == 1

    def test_a_network_failure_is_tried_again_while_callers_wait(self, redis_server):
        """Nobody is told of a fault that lasts a blink."""
        faults = [WeChatUnavailable(), WeChatTimeout()]
        source = ScriptedSource(answers=faults)

        assert make_custody(redis_server).get(source).value == "T3"

    def test_a_lasting_network_failure_is_told(self, redis_server):
        """After three tries, to everybody, and then there is a pause."""
        source = ScriptedSource(answers=[WeChatUnavailable() for _ in range(3)])
        custody = make_custody(redis_server)
        for _ in range(2):
            with pytest.raises(WeChatUnavailable):
                custody.get(source)

        assert len(source.fetched) == 3

    def test_a_busy_wechat_is_tried_again(self, redis_server):
        """Its -1 asks for that."""
        busy = WeChatRefused(-1, "system error rid: 1-2-3")

        assert (
            make_custody(redis_server).get(ScriptedSource(answers=[busy])).value == "T2"
        )

    def test_the_remaining_life_is_told(self, redis_server):
        """Not the life it once had; a margin is kept for the way."""
        source = ScriptedSource(seconds=100)
        custody = make_custody(redis_server)
        custody.get(source)
        left = int(fields(redis_server)["expires_at"])
        set_field(redis_server, "expires_at", left - 40_000)

        assert 49 < custody.get(source).seconds <= 50

    def test_an_expired_value_is_fetched_anew(self, redis_server):
        """Nobody gets a value past its end."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        custody.get(source)
        make_expired(redis_server)

        assert custody.get(source).value == "T2"


def commands(redis_server):
    """Return how often Redis has run each command."""
    client = redis_server.client()
    stats = client.info("commandstats")
    client.close()
    return {name[8:]: each["calls"] for name, each in stats.items()}


class TestEarlyRefresh:
    def test_nobody_waits_while_the_old_value_lives(self, redis_server):
        """The one who holds the lease refreshes, all others go on."""
        refreshing, go_on = threading.Event(), threading.Event()
        source = ScriptedSource()
        custodies = [make_custody(redis_server) for _ in range(3)]
        custodies[0].get(source)
        make_due(redis_server)

        def gate():
            refreshing.set()
            go_on.wait(5)

        source.gate = gate
        with ThreadPoolExecutor(2) as pool:
            refresher = pool.submit(custodies[0].get, source)
            refreshing.wait(5)
            others = [each.get(source).value for each in custodies for _ in range(5)]
            go_on.set()

            assert others == ["T1"] * 15
            assert refresher.result(5).value == "T2"

    def test_a_failed_refresh_costs_nobody_anything(self, redis_server):
        """The old value goes on, and a pause keeps the next try away."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        custody.get(source)
        make_due(redis_server)
        source.answers = [WeChatUnavailable()]

        assert [custody.get(source).value for _ in range(5)] == ["T1"] * 5
        assert len(source.fetched) == 2


class TestFence:
    def test_a_late_answer_is_refused(self, redis_server):
        """The holder that slept past its lease does not overwrite the new value."""
        asleep, awake = threading.Event(), threading.Event()
        late = ScriptedSource(answers=["OLD"])
        quick = ScriptedSource(answers=["NEW"])
        custody = make_custody(redis_server)

        def sleep_past_the_lease():
            asleep.set()
            awake.wait(5)

        late.gate = sleep_past_the_lease
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(custody.get, late)
            asleep.wait(5)
            set_field(redis_server, "lease_until", 1)
            other = make_custody(redis_server).get(quick).value
            awake.set()

            assert (other, frozen.result(5).value) == ("NEW", "NEW")
        assert fields(redis_server)["value"] == "NEW"

    @pytest.mark.parametrize(
        ("asleep_for", "expected"), [(5, ["T1", "T1"]), (3600, ["T2", "T2"])]
    )
    def test_who_slept_too_long_stores_nothing(
        self, redis_server, asleep_for, expected
    ):
        """A late renewal is no harm; an hour later the answer may be dead at WeChat."""
        source, custody = ScriptedSource(), make_custody(redis_server, pace=SLOW)

        def sleep():
            source.gate = None
            set_field(
                redis_server,
                "lease_until",
                int(time.time() * 1000) - asleep_for * 1000,
            )

        source.gate = sleep

        assert [custody.get(source).value for _ in range(2)] == expected

    @pytest.mark.parametrize(("retires", "fetches"), [(True, 2), (False, 1)])
    def test_a_refused_answer_may_have_retired_the_stored_one(
        self, redis_server, retires, fetches
    ):
        """In plain mode the stored value is replaced early, in stable mode not."""
        asleep, awake = threading.Event(), threading.Event()
        late = ScriptedSource(answers=["OLD"], retires=retires)
        quick = ScriptedSource(answers=["NEW"], retires=retires)
        custody, other = make_custody(redis_server), make_custody(redis_server)
        late.gate = lambda: (asleep.set(), awake.wait(5))
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(custody.get, late)
            asleep.wait(5)
            set_field(redis_server, "lease_until", 1)
            other.get(quick)
            awake.set()
            frozen.result(5)
        for _ in range(3):
            other.get(quick)

        assert len(quick.fetched) == fetches

    def test_a_refused_answer_taints_the_fetch_that_is_under_way(self, redis_server):
        """Nobody knows which came later at WeChat: one more fetch settles it."""
        first, second = threading.Event(), threading.Event()
        went = threading.Semaphore(0)
        late = ScriptedSource(answers=["OLD"], retires=True)
        next_ = ScriptedSource(answers=["NEW"], retires=True)
        late.gate = lambda: (went.release(), first.wait(5))
        next_.gate = lambda: (went.release(), second.wait(5))
        one, two = make_custody(redis_server), make_custody(redis_server)
        with ThreadPoolExecutor(2) as pool:
            frozen = pool.submit(one.get, late)
            went.acquire(timeout=5)
            set_field(redis_server, "lease_until", 1)
            holder = pool.submit(two.get, next_)
            went.acquire(timeout=5)
            first.set()
            while "suspect" not in fields(redis_server):
                time.sleep(0.005)
            second.set()
            assert {frozen.result(5).value, holder.result(5).value} == {"NEW"}
        next_.gate = None

        assert [two.get(next_).value for _ in range(3)] == ["T2"] * 3

    def test_a_dead_holder_costs_the_rest_of_its_lease(self, redis_server):
        """The next one takes over when the lease has run out."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        custody._lease(source).acquire("dead", revision="1")
        began = time.monotonic()

        assert custody.get(source).value == "T1"
        assert 0.2 < time.monotonic() - began

    def test_a_slow_fetch_keeps_its_lease(self, redis_server):
        """It is renewed for as long as its holder lives."""
        source = ScriptedSource(gate=lambda: time.sleep(0.8))
        custodies = [make_custody(redis_server) for _ in range(3)]

        tokens = all_at_once([lambda c=c: c.get(source).value for c in custodies])

        assert tokens == ["T1"] * 3
        assert source.fetched == [False]


class TestRefusal:
    REFUSED = WeChatRefused(40164, "invalid ip 1.2.3.4, not in whitelist rid: 1")

    def test_wechats_code_reaches_every_waiter_at_once(self, redis_server):
        """Those of other processes too, with WeChat's own text."""
        source = ScriptedSource(answers=[self.REFUSED], gate=lambda: time.sleep(0.1))
        custodies = [make_custody(redis_server) for _ in range(4)]

        errors = all_at_once(
            [lambda c=c: c.get(source) for c in custodies for _ in range(5)]
        )

        assert {(each.errcode, each.detail) for each in errors} == {
            (40164, "invalid ip 1.2.3.4, not in whitelist rid: 1")
        }
        assert len(source.fetched) == 1

    def test_a_growing_pause_keeps_the_herd_off(self, redis_server):
        """Within it everybody is told at once; after it one tries again."""
        source = ScriptedSource(answers=[self.REFUSED, self.REFUSED])
        custody = make_custody(redis_server, jitter=lambda: 1.0)
        pauses = []
        for _ in range(2):
            while True:
                count = len(source.fetched)
                with pytest.raises(WeChatRefused):
                    custody.get(source)
                if len(source.fetched) > count:
                    break
                set_field(redis_server, "retry_at", 1)
            kept = fields(redis_server)
            now = int(time.time() * 1000)
            pauses.append(round((int(kept["retry_at"]) - now) / 100))

        assert pauses == [2, 4]

    def test_a_success_clears_the_pause(self, redis_server):
        """The next refusal begins with a short one again."""
        source, custody = (
            ScriptedSource(answers=[self.REFUSED]),
            make_custody(redis_server),
        )
        with pytest.raises(WeChatRefused):
            custody.get(source)
        set_field(redis_server, "retry_at", 1)
        custody.get(source)

        assert not {"failures", "errcode", "errmsg", "retry_at"} & set(
            fields(redis_server)
        )

    def test_a_changed_app_is_tried_at_once(self, redis_server):
        """The operator has mended the AppSecret: no pause for the old one's sake."""
        source, custody = (
            ScriptedSource(answers=[self.REFUSED]),
            make_custody(redis_server),
        )
        with pytest.raises(WeChatRefused):
            custody.get(source)
        source.revision = "2"

        assert custody.get(source).value == "T2"


class TestReject:
    def test_a_rejected_value_is_replaced_once(self, redis_server):
        """However many callers saw it fail."""
        source = ScriptedSource()
        custodies = [make_custody(redis_server) for _ in range(4)]
        value = custodies[0].get(source).value

        def again(custody):
            custody.reject(source, value)
            return custody.get(source).value

        assert set(all_at_once([lambda c=c: again(c) for c in custodies * 25])) == {
            "T2"
        }
        assert len(source.fetched) == 2

    def test_a_late_rejection_drops_nothing(self, redis_server):
        """Only the very value that failed is dropped, never a newer one."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        value = custody.get(source).value
        custody.reject(source, value)
        custody.get(source)
        custody.reject(source, value)

        assert custody.get(source).value == "T2"
        assert len(source.fetched) == 2

    def test_stable_mode_forces_when_it_answers_with_the_rejected_value(
        self, redis_server
    ):
        """WeChat's stable token stays the same until it is forced."""
        source = ScriptedSource(answers=["SAME", "SAME", "FORCED"])
        custody = make_custody(redis_server)
        custody.reject(source, custody.get(source).value)

        assert custody.get(source).value == "FORCED"
        assert source.fetched == [False, False, True]

    @pytest.mark.parametrize("limit", ["forced_at", "forced"])
    def test_beyond_the_limits_of_forcing_the_value_stays(
        self, redis_server, caplog, limit
    ):
        """WeChat calls it current: one caller's 40001 is not everybody's outage."""
        source, custody = ScriptedSource(answers=["A"] * 9), make_custody(redis_server)
        custody.reject(source, custody.get(source).value)
        now = round(time.time() * 1000)
        today = (now // 1000 + 28800) // 86400
        set_field(redis_server, "day", today)
        set_field(redis_server, limit, {"forced_at": now, "forced": 20}[limit])
        others = [make_custody(redis_server).get(source).value for _ in range(3)]

        assert others == ["A"] * 3
        assert "force_refresh is used up, 20 a day and 30 s apart" in caplog.text
        assert custody.reject(source, "A") is False
        assert custody.get(source).value == "A"
        assert source.fetched == [False, False]

    def test_a_value_that_never_works_costs_few_fetches(self, redis_server):
        """Twenty at once and sixty an hour; beyond, WeChat's 40001 is the answer."""
        source, custody = ScriptedSource(retires=True), make_custody(redis_server)
        dropped = [custody.reject(source, custody.get(source).value) for _ in range(50)]

        assert dropped == [True] * 20 + [False] * 30
        assert len(source.fetched) == 21
        ago = round(time.time() * 1000) - 61_000
        set_field(redis_server, "rejected_at", ago)
        assert custody.reject(source, custody.get(source).value)

    def test_rejections_that_were_right_cost_nothing(self, redis_server):
        """Somebody retires our tokens again and again; each one is good at first."""
        source, custody = ScriptedSource(retires=True), make_custody(redis_server)
        for _ in range(30):
            assert custody.reject(source, custody.get(source).value)
            custody.get(source)
            custody.refund(source)

        assert len(source.fetched) == 31


class TestRedisAway:
    def test_the_last_value_seen_goes_on_until_its_end(self, own_redis):
        """By this process' own clock, since Redis' is away too."""
        now = [1000.0]
        source = ScriptedSource(seconds=100)
        custody = make_custody(own_redis, clock=lambda: now[0])
        custody.get(source)
        own_redis.stop()
        now[0] += 60

        assert custody.get(source).value == "T1"
        assert custody.get(source).seconds == 30
        now[0] += 31
        with pytest.raises(ServiceUnavailable):
            custody.get(source)
        assert len(source.fetched) == 1

    def test_an_unknown_value_is_never_fetched_without_the_lease(self, own_redis):
        """503, and WeChat is not asked."""
        source, custody = ScriptedSource(), make_custody(own_redis)
        own_redis.stop()

        with pytest.raises(ServiceUnavailable):
            custody.get(source)
        assert source.fetched == []

    def test_an_emptied_redis_costs_one_more_fetch(self, redis_server):
        """Nobody knows any more whether the answer under way is the newest."""
        source = ScriptedSource()

        def empty():
            source.gate = None
            client = redis_server.client()
            client.flushall()
            client.close()

        source.gate = empty
        custody = make_custody(redis_server)

        assert [custody.get(source).value for _ in range(2)] == ["T2", "T2"]
        assert len(source.fetched) == 2


class TestTime:
    @pytest.mark.parametrize(
        ("seconds", "due_in", "life"),
        [(7200, 7050, 7170), (310, 160, 280), (59, 26.55, 53.1), (1, 0.45, 0.9)],
    )
    def test_margins(self, redis_server, seconds, due_in, life):
        """Due within stable_token's last 300 seconds; spent a little before the end."""
        make_custody(redis_server).get(ScriptedSource(seconds=seconds))

        kept = fields(redis_server)
        fetched_at = int(kept["fetched_at"])
        assert (int(kept["due_at"]) - fetched_at) / 1000 == due_in
        assert (int(kept["expires_at"]) - fetched_at) / 1000 == life

    def test_a_caller_is_not_kept_forever(self, redis_server):
        """Its budget ends the wait, whoever holds the lease."""
        source = ScriptedSource(gate=lambda: time.sleep(1.0))
        holder = make_custody(redis_server)
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(holder.get, source)
            while "holder" not in fields(redis_server):
                time.sleep(0.005)
            with pytest.raises(WeChatTimeout):
                make_custody(redis_server, pace=replace(QUICK, wait=0.2)).get(source)
            busy.result(5)

    def test_every_key_ends(self, redis_server):
        """Nothing of custody stays in Redis for ever."""
        make_custody(redis_server).get(ScriptedSource())

        client = redis_server.client()
        lives = [client.pttl(key) for key in client.scan_iter("gateway:*")]
        client.close()
        assert len(lives) == 2
        assert all(0 < life <= 172_800_000 for life in lives)

    def test_no_secret_and_no_value_in_a_key(self, redis_server):
        """Keys are listed and logged more easily than values."""
        make_custody(redis_server).get(ScriptedSource())

        client = redis_server.client()
        keys = sorted(key.decode() for key in client.scan_iter("*"))
        client.close()
        assert keys == [
            "gateway:credential:{access_token:wx1}",
            "gateway:credential:{access_token:wx1}:wake:1",
        ]
