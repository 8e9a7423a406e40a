"""Token custody on a real Redis: its promises."""

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
from tests.runtime.custody.credential_sources import (
    QUICK,
    ClockedStore,
    ScriptedSource,
    StalledStore,
    all_at_once,
    fields,
    make_custody,
    make_due,
    make_store,
    set_field,
)


class TestOneFetch:
    def test_many_callers_of_many_processes_fetch_once(self, redis_server):
        """One expiry, one fetch, and all callers get the same value."""
        source = ScriptedSource(gate=lambda: time.sleep(0.1))
        custodies = [make_custody(redis_server) for _ in range(4)]

        tokens = all_at_once(
            [lambda c=c: c.get(source).value for c in custodies for _ in range(25)]
        )

        assert tokens == ["T1"] * 100

    def test_who_waits_is_told_how_long_the_value_lives(self, redis_server):
        """As long as for the one that fetched it, less what has passed since."""
        source = ScriptedSource(gate=lambda: time.sleep(0.2))
        custodies = [make_custody(redis_server) for _ in range(3)]

        lives = all_at_once([lambda c=c: c.get(source).seconds for c in custodies])

        assert all(7160 < life <= 7170 for life in lives)
        assert source.fetched == [False]

    def test_a_waiting_process_sends_two_commands(self, redis_server):
        """Threads share one wait; waiters are woken and do not poll."""
        held = threading.Event()
        source = ScriptedSource(gate=lambda: held.wait(5))
        store = make_store(redis_server)
        holder, waiter = (
            make_custody(redis_server),
            make_custody(redis_server, store=store),
        )
        with ThreadPoolExecutor(26) as pool:
            first = pool.submit(holder.get, source)
            while "holder" not in fields(redis_server):
                time.sleep(0.005)
            store.get("warm the connection")
            before = commands(redis_server)
            others = [pool.submit(waiter.get, source) for _ in range(25)]
            time.sleep(0.1)
            held.set()
            assert {each.result(5).value for each in [first, *others]} == {"T1"}

        after = commands(redis_server)
        assert after["blmove"] - before.get("blmove", 0) == 1

    def test_a_network_failure_is_tried_again_while_callers_wait(self, redis_server):
        """No caller sees a short fault."""
        faults = [WeChatUnavailable(), WeChatTimeout()]
        source = ScriptedSource(answers=faults)

        assert make_custody(redis_server).get(source).value == "T3"

    def test_a_lasting_network_failure_is_told(self, redis_server):
        """After three attempts all callers get it, and a pause begins."""
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
        """Not the lifetime at the beginning; a margin is kept for the transfer."""
        source, store = (
            ScriptedSource(seconds=100),
            make_store(redis_server, ClockedStore),
        )
        custody = make_custody(redis_server, store=store)
        custody.get(source)
        store.now += 39.5

        assert custody.get(source).seconds == 50.5

    def test_an_expired_value_is_fetched_anew(self, redis_server):
        """Nobody gets a value past its end."""
        source, store = ScriptedSource(), make_store(redis_server, ClockedStore)
        custody = make_custody(redis_server, store=store)
        life = custody.get(source).seconds
        store.now += life

        assert custody.get(source).value == "T2"


def commands(redis_server):
    """Return how often Redis has run each command."""
    client = redis_server.client()
    stats = client.info("commandstats")
    client.close()
    return {name[8:]: each["calls"] for name, each in stats.items()}


class TestEarlyRefresh:
    def test_nobody_waits_while_the_old_value_lives(self, redis_server):
        """The holder of the lease refreshes, all others use the old value."""
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
        """The old value stays in use, and a pause delays the next attempt."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        custody.get(source)
        make_due(redis_server)
        source.answers = [WeChatUnavailable()]

        assert [custody.get(source).value for _ in range(5)] == ["T1"] * 5
        assert len(source.fetched) == 2


class TestRedisAway:
    def test_the_last_value_seen_goes_on_until_its_end(self, own_redis):
        """By this process' own clock, since Redis' is away too."""
        now = [1000.0]
        source = ScriptedSource(seconds=100)
        clocks = dict.fromkeys(("clock", "wall"), lambda: now[0])
        custody = make_custody(own_redis, **clocks)
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
        """Nobody knows any more whether the pending answer is the newest."""
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
        """Its timeout ends the wait, whoever holds the lease."""
        source = ScriptedSource(gate=lambda: time.sleep(1.0))
        holder = make_custody(redis_server)
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(holder.get, source)
            while "holder" not in fields(redis_server):
                time.sleep(0.005)
            with pytest.raises(WeChatTimeout):
                make_custody(redis_server, pace=replace(QUICK, wait=0.2)).get(source)
            busy.result(5)

    def test_a_thread_that_waits_for_another_is_not_kept_forever(self, redis_server):
        """It gets a timeout, 504, and neither 500 nor 502."""
        fetching, go_on = threading.Event(), threading.Event()
        source = ScriptedSource(gate=lambda: (fetching.set(), go_on.wait(5)))
        custody = make_custody(redis_server, pace=replace(QUICK, wait=0.2))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(custody.get, source)
            fetching.wait(5)
            began = time.monotonic()
            with pytest.raises(WeChatTimeout) as caught:
                custody.get(source)
            waited = time.monotonic() - began
            go_on.set()

            assert first.result(5).value == "T1"
        assert type(caught.value) is WeChatTimeout
        assert caught.value.status == 504
        assert 0.2 <= waited < 4
        assert source.fetched == [False]

    def test_every_key_ends(self, redis_server):
        """No key of custody stays in Redis for ever."""
        make_custody(redis_server).get(ScriptedSource())

        client = redis_server.client()
        lives = [client.pttl(key) for key in client.scan_iter("gateway:*")]
        client.close()
        assert len(lives) == 3
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
            "gateway:credentials:{due}",
        ]


def test_a_fetch_is_logged_with_its_fence(redis_server, caplog):
    """Whether its value was stored or another holder's was, and never the value."""
    steps = iter([lambda: set_field(redis_server, "holder", "another")])
    source = ScriptedSource(gate=lambda: next(steps, bool)())
    with caplog.at_level("INFO", "gateway.custody"):
        make_custody(redis_server).get(source)

    assert [
        "access_token:wx1: fetched under fence 1, refused, another holder was faster",
        "access_token:wx1: fetched under fence 2, stored",
    ] == caplog.messages


def test_a_due_value_is_given_at_once_to_all_that_ask(redis_server):
    """To those that waited for Redis' answer, and to those that come meanwhile."""
    source, store = ScriptedSource(), make_store(redis_server, StalledStore)
    custody, fetched = make_custody(redis_server, store=store), threading.Event()
    custody.get(source)
    make_due(redis_server)
    source.gate = lambda: fetched.wait(20)
    store.stalled = True
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(custody.get, source)
        assert store.has_answered.wait(20)
        second = threads.submit(custody.get, source)
        time.sleep(0.1)  # it joins the first
        store.goes_on.set()
        values = second.result(20).value, custody.get_recent(source).value
        is_fetching = not first.done()
        fetched.set()

    assert (("T1", "T1"), True) == (values, is_fetching)
    assert "T2" == first.result().value
