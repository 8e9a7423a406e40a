"""Rejected values: dropped once, within bounds, never a newer one."""

from __future__ import annotations

import time

import pytest

from tests.support.credential_sources import (
    ScriptedSource,
    all_at_once,
    make_custody,
    set_field,
)


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
