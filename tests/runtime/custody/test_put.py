"""Values that came another way than by a fetch: what is on its way counts no more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.custody.protocol import CredentialValue
from runtime.errors import WeChatRefused
from tests.runtime.custody.credential_sources import (
    ScriptedSource,
    fields,
    make_custody,
)

NEW = CredentialValue("NEW", 7200)


def fetched_at(redis_server):
    return int(fields(redis_server)["fetched_at"])


def test_it_replaces_the_stored_value(redis_server):
    """At once, also in the process that has used the old one."""
    source, custody = ScriptedSource(), make_custody(redis_server)
    assert custody.get_recent(source).value == "T1"
    custody.put(source, NEW)

    assert custody.get_recent(source).value == "NEW"
    given = make_custody(redis_server).get(source)
    assert (given.value, len(source.fetched)) == ("NEW", 1)
    assert 7165 < given.seconds <= 7170


@pytest.mark.parametrize("change", ["put", "drop"])
def test_a_fetch_under_way_is_refused(redis_server, change):
    """It was made with what no longer counts."""
    asked, goes_on = threading.Event(), threading.Event()
    slow = ScriptedSource(answers=["OLD"])
    slow.gate = lambda: (asked.set(), goes_on.wait(5))
    custody = make_custody(redis_server)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(make_custody(redis_server).get, slow)
        assert asked.wait(5)
        if change == "put":
            custody.put(slow, NEW)
        else:
            custody.drop(slow)
        slow.gate = None
        goes_on.set()
        given = pending.result(5).value

    expected = "NEW" if change == "put" else "T2"
    assert (given, fields(redis_server)["value"]) == (expected, expected)


def test_one_that_was_found_later_replaces_only_older_ones(redis_server):
    """An answer that lay in Redis for an hour is not newer than a fetch since."""
    source, custody = ScriptedSource(), make_custody(redis_server)
    custody.get(source)
    at = fetched_at(redis_server)
    custody.put(source, NEW, since=at)
    assert fields(redis_server)["value"] == "T1"
    custody.drop(source, since=at)
    assert fields(redis_server)["value"] == "T1"
    custody.put(source, NEW, since=at + 1)
    assert fields(redis_server)["value"] == "NEW"
    expires_at = int(fields(redis_server)["expires_at"])
    assert expires_at == at + 1 + 7_170_000


def test_one_that_has_expired_is_not_stored(redis_server):
    """It came two hours ago."""
    source, custody = ScriptedSource(), make_custody(redis_server)
    custody.get(source)
    now = fetched_at(redis_server)
    custody.drop(source)
    custody.put(source, NEW, since=now - 7_200_000)
    assert "value" not in fields(redis_server)


def test_it_ends_a_pause(redis_server):
    """What WeChat refused before is out of date."""
    source = ScriptedSource(answers=[WeChatRefused(61003, "no")])
    custody = make_custody(redis_server)
    with pytest.raises(WeChatRefused):
        custody.get(source)
    custody.put(source, NEW)
    assert custody.get(source).value == "NEW"
    assert "retry_at" not in fields(redis_server)


def test_a_dropped_value_is_used_no_more(redis_server):
    """Not even by the process that has used it a moment ago."""
    source, custody = ScriptedSource(), make_custody(redis_server)
    assert custody.get_recent(source).value == "T1"
    custody.drop(source)
    assert custody.get_recent(source).value == "T2"
