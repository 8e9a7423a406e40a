"""WeChat's refusals: to everybody at once, and then a pause."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from runtime.errors import WeChatRefused, WeChatUnavailable, hint_of
from tests.runtime.custody.credential_sources import (
    QUICK,
    ClockedStore,
    ScriptedSource,
    all_at_once,
    fields,
    make_custody,
    make_store,
)


class TestRefusal:
    REFUSED = WeChatRefused(40164, "invalid ip 1.2.3.4, not in whitelist rid: 1")

    def test_wechats_code_reaches_every_waiter_at_once(self, redis_server):
        """Those of other processes too, with WeChat's own text."""
        source = ScriptedSource(answers=[self.REFUSED], gate=lambda: time.sleep(0.1))
        custodies = [make_custody(redis_server) for _ in range(4)]

        errors = all_at_once(
            [lambda c=c: c.get(source) for c in custodies for _ in range(5)]
        )

        assert {(each.errcode, each.errmsg) for each in errors} == {
            (40164, "invalid ip 1.2.3.4, not in whitelist rid: 1")
        }
        assert len(source.fetched) == 1

    def test_a_growing_pause_keeps_the_herd_off(self, redis_server):
        """Within it everybody is told at once; after it one tries again."""
        source = ScriptedSource(answers=[self.REFUSED] * 3)
        store = make_store(redis_server, ClockedStore)
        custody = make_custody(redis_server, store=store, jitter=lambda: 1.0)
        fetches = []
        for seconds in (0, 0.199, 0.001, 0.399, 0.001):
            store.now += seconds
            with pytest.raises(WeChatRefused):
                custody.get(source)
            fetches.append(len(source.fetched))

        assert fetches == [1, 1, 2, 2, 3]

    def test_a_success_clears_the_pause(self, redis_server):
        """The next refusal begins with a short one again."""
        source = ScriptedSource(answers=[self.REFUSED])
        store = make_store(redis_server, ClockedStore)
        custody = make_custody(redis_server, store=store)
        with pytest.raises(WeChatRefused):
            custody.get(source)
        store.now += 0.2
        custody.get(source)

        assert not {"failures", "errcode", "errmsg", "retry_at"} & set(
            fields(redis_server)
        )

    def test_a_changed_app_is_tried_at_once(self, redis_server):
        """After a corrected AppSecret the pause of the old one does not count."""
        source, custody = (
            ScriptedSource(answers=[self.REFUSED]),
            make_custody(redis_server),
        )
        with pytest.raises(WeChatRefused):
            custody.get(source)
        source.revision = "2"

        assert custody.get(source).value == "T2"


def test_a_busy_wechat_is_told_with_its_text(redis_server):
    """During the pause as well, when nobody asks WeChat: 503, not a refusal."""
    source = ScriptedSource(answers=[WeChatUnavailable(errmsg="system busy")] * 3)
    custody = make_custody(redis_server)
    errors = []
    for _ in range(2):
        with pytest.raises(WeChatUnavailable) as caught:
            custody.get(source)
        errors.append((caught.value.errcode, caught.value.errmsg))

    assert [(-1, "system busy")] * 2 == errors
    assert len(source.fetched) == 3


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            WeChatRefused(40164, "invalid ip 1.2.3.4"),
            f"40164: {hint_of(40164, 'invalid ip 1.2.3.4')}",
        ),
        (WeChatUnavailable(errmsg="system busy"), "-1: wechat_unavailable"),
    ],
)
def test_the_log_says_why_nothing_was_fetched(redis_server, caplog, error, told):
    """With the credential's name, WeChat's code and what to do about it."""
    source = ScriptedSource(answers=[error] * 3)
    with pytest.raises(type(error)):
        make_custody(redis_server).get(source)

    assert [f"access_token:wx1: not fetched, {told}"] == caplog.messages


def test_a_refusal_is_told_though_redis_is_away(own_redis):
    """The caller has WeChat's code, even if the waiters cannot be told."""
    source = ScriptedSource(
        answers=[WeChatRefused(40164, "invalid ip")], gate=own_redis.stop
    )
    with pytest.raises(WeChatRefused) as caught:
        make_custody(own_redis).get(source)

    assert 40164 == caught.value.errcode


def test_attempts_begin_in_the_first_half_of_the_wait(redis_server):
    """A third one would begin after 0.5 s, and the half ends before."""
    source = ScriptedSource(answers=[WeChatUnavailable(errmsg="system busy")] * 3)
    custody = make_custody(redis_server, pace=replace(QUICK, wait=0.9))
    with pytest.raises(WeChatUnavailable):
        custody.get(source)

    assert 2 == len(source.fetched)
