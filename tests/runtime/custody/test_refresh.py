"""Upkeep: the timer's refreshes and the operator's reports."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.custody.protocol import Pace
from runtime.custody.upkeep import CredentialReport, Outcome, Upkeep
from runtime.errors import (
    GatewayError,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnreachable,
)
from tests.runtime.custody.credential_sources import (
    MIDNIGHT,
    QUICK,
    ClockedStore,
    ScriptedSource,
    fields,
    make_custody,
    make_store,
    make_upkeep,
)


def test_the_timer_comes_before_anybody_pays(redis_server):
    """What will be due within two minutes it fetches; a request would go on with it."""
    source, store = ScriptedSource(), make_store(redis_server, ClockedStore)
    upkeep = make_upkeep(redis_server, store=store)
    custody = make_custody(redis_server, store=store)
    custody.get(source)
    store.now += 7050 - 120.001
    assert upkeep.refresh(source) is Outcome.FRESH
    store.now += 0.001

    assert custody.get(source).value == "T1"
    assert upkeep.refresh(source) is Outcome.FETCHED
    assert custody.get(source).value == "T2"


def test_the_timer_leaves_alone_what_is_fresh_or_in_good_hands(redis_server):
    """One fetch, however often it ticks and wherever it runs."""
    upkeep = make_upkeep(redis_server)
    held = threading.Event()
    source = ScriptedSource(gate=lambda: held.wait(5))
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(upkeep.refresh, source)
        while "holder" not in fields(redis_server):
            time.sleep(0.005)
        busy = make_upkeep(redis_server).refresh(source)
        held.set()
        outcomes = [busy, fetching.result(5), upkeep.refresh(source)]

    assert outcomes == [Outcome.BUSY, Outcome.FETCHED, Outcome.FRESH]
    assert len(source.fetched) == 1


def test_the_timer_keeps_the_pause_after_a_refusal(redis_server):
    """It is no way around WeChat's refusal."""
    upkeep = make_upkeep(redis_server)
    source = ScriptedSource(answers=[WeChatRefused(40164, "invalid ip")])
    with pytest.raises(WeChatRefused):
        upkeep.refresh(source)

    assert upkeep.refresh(source) is Outcome.PAUSED


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(WeChatUnreachable(), 15), (WeChatTimeout(), 15), (WeChatRefused(40164, ""), 300)],
    ids=["unreachable", "timeout", "refused"],
)
def test_an_outage_of_the_network_does_not_outlive_itself(redis_server, error, seconds):
    """However long it was, WeChat is asked again a few seconds later; its refusals are
    kept for up to five minutes."""
    store = make_store(redis_server, ClockedStore)
    upkeep = make_upkeep(redis_server, store=store, pace=Pace(wait=0.01))
    source = ScriptedSource(answers=[error] * 12)
    for _ in range(12):
        with pytest.raises(GatewayError):
            upkeep.refresh(source)
        store.now += 300

    retry_at = int(fields(redis_server)["retry_at"])
    assert seconds / 2 <= retry_at / 1000 - (store.now - 300) <= seconds


def test_an_operator_ends_the_pause(redis_server):
    """The cause is mended: nobody need wait."""
    upkeep = make_upkeep(redis_server)
    source = ScriptedSource(answers=[WeChatRefused(40164, "invalid ip")])
    with pytest.raises(WeChatRefused):
        upkeep.refresh(source)

    assert upkeep.refresh(source, ignore_pause=True) is Outcome.FETCHED


def test_the_timer_fetches_within_stable_tokens_last_minutes():
    """Earlier, stable_token would only give the same value again."""
    pace = Pace()

    assert pace.due_before + pace.ahead + pace.spent_before < 300


def test_an_operator_sees_a_credential_without_its_value(redis_server):
    """Age, remaining life, fence and counts; nothing that opens anything."""
    upkeep = make_upkeep(redis_server)
    source, custody = ScriptedSource(), make_custody(redis_server)
    custody.get(source)

    told = upkeep.describe(source)

    assert told == CredentialReport(
        name=source.name,
        age=told.age,
        remaining=told.remaining,
        due_in=told.due_in,
        fence=1,
        being_fetched=False,
        errcode=None,
        errmsg=None,
        retry_in=None,
        fetches_today=1,
        forced_today=0,
    )
    assert 0 <= told.age < 1
    assert 7169 < told.remaining <= 7170
    assert 7049 < told.due_in <= 7050
    assert "T1" not in repr(told)


def test_an_operator_sees_the_last_error_and_when_it_goes_on(redis_server):
    """WeChat's own words, and the pause that is left."""
    upkeep = make_upkeep(redis_server)
    source = ScriptedSource(answers=[WeChatRefused(40164, "invalid ip 1.2.3.4")])
    custody = make_custody(redis_server, jitter=lambda: 1.0)
    with pytest.raises(WeChatRefused):
        custody.get(source)

    told = upkeep.describe(source)
    assert (told.errcode, told.errmsg) == (40164, "invalid ip 1.2.3.4")
    assert 0 < told.retry_in <= QUICK.first_pause
    assert (told.remaining, told.age) == (0.0, None)


def test_an_unknown_credential_is_described_too(redis_server):
    """Nothing was ever fetched."""
    told = make_upkeep(redis_server).describe(ScriptedSource())

    assert (told.age, told.remaining, told.fence, told.fetches_today) == (None, 0, 0, 0)


def test_counts_begin_anew_every_day_in_china(redis_server):
    """As WeChat's own quotas do."""
    source, store = ScriptedSource(), make_store(redis_server, ClockedStore)
    upkeep = make_upkeep(redis_server, store=store)
    make_custody(redis_server, store=store).get(source)
    store.now = MIDNIGHT + 86_399.999
    assert upkeep.describe(source).fetches_today == 1
    store.now = MIDNIGHT + 86_400
    assert upkeep.describe(source).fetches_today == 0
    upkeep.refresh(source)

    assert upkeep.describe(source).fetches_today == 1


def test_a_report_during_a_fetch(redis_server):
    """It says so until the value is stored, however little is left of the lease."""
    upkeep = make_upkeep(redis_server)
    reports = []
    source = ScriptedSource(gate=lambda: reports.append(upkeep.describe(source)))
    upkeep.refresh(source)
    reports.append(upkeep.describe(source))

    assert [True, False] == [each.being_fetched for each in reports]


def test_a_pause_that_is_over_is_not_reported(redis_server):
    """An operator sees the refusal, and no time to wait for."""
    store = make_store(redis_server, ClockedStore)
    upkeep = make_upkeep(redis_server, store=store)
    source = ScriptedSource(answers=[WeChatRefused(40164, "invalid ip")])
    with pytest.raises(WeChatRefused):
        upkeep.refresh(source)
    during = upkeep.describe(source)
    store.now += 0.4
    after = upkeep.describe(source)

    assert 0 < during.retry_in <= 0.4
    assert (40164, None) == (after.errcode, after.retry_in)


def test_upkeep_has_the_default_pace(redis_server):
    """A value of two hours is due 150 s before WeChat ends it."""
    source, store = ScriptedSource(), make_store(redis_server, ClockedStore)
    upkeep = Upkeep(store)
    upkeep.refresh(source)
    report = upkeep.describe(source)

    assert (7050.0, 7170.0) == (report.due_in, report.remaining)
