"""Notes of what the platform sent last, in a real Redis."""

from __future__ import annotations

import time

import pytest

from runtime.push.last_seen import LastSeen
from runtime.push.queue_scripts import keys_of
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.scripted_wechat import SERVICE, WEBSITE


class Clock:
    """A monotonic clock that a test moves."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def notes(redis_server, clock):
    return LastSeen(RedisStore(lambda: connect(redis_server.url)), clock=clock)


def test_the_last_of_each_is_read(notes, clock):
    """With Redis' time, by app."""
    before = notes.time()
    notes.note(SERVICE, "check", "signature")
    notes.note(SERVICE, "check", "accepted")
    notes.note(SERVICE, "refused", "key")

    seen = notes.read(SERVICE)
    assert ("accepted", "key") == (seen.check.outcome, seen.refused.outcome)
    assert before - 1 <= seen.check.at <= notes.time()
    assert seen.taken is None
    assert notes.read(WEBSITE).check is None


def test_a_flood_is_written_once_a_second(notes, clock, redis):
    """Each outcome by itself, so that a right one is never lost behind a wrong one."""
    notes.note(SERVICE, "refused", "signature")
    redis.delete(f"gateway:push_seen:{{{SERVICE}}}")
    clock.now = 0.9
    notes.note(SERVICE, "refused", "signature")
    assert notes.read(SERVICE).refused is None

    notes.note(SERVICE, "refused", "age")
    assert notes.read(SERVICE).refused.outcome == "age"
    clock.now = 1.1
    notes.note(SERVICE, "refused", "signature")
    assert notes.read(SERVICE).refused.outcome == "signature"


def test_a_stored_push_is_seen_without_a_note(notes, redis):
    """The stream knows its newest one, though it is removed."""
    stream = keys_of(SERVICE)[-2]
    entry = redis.xadd(stream, {"body": "x"})
    redis.xdel(stream, entry)

    assert "stored" == notes.read(SERVICE).taken.outcome
    assert abs(notes.read(SERVICE).taken.at - time.time()) < 60
    notes.note(SERVICE, "taken", "accepted")
    assert "accepted" == notes.read(SERVICE).taken.outcome


def test_it_goes_by_itself(notes, redis):
    """After a week without a call."""
    notes.note(SERVICE, "check", "accepted")

    assert 0 < redis.ttl(f"gateway:push_seen:{{{SERVICE}}}") <= 7 * 86400


def test_without_redis_nothing_is_noted():
    """And nobody is disturbed."""

    def away():
        raise ConnectionError

    LastSeen(RedisStore(away)).note(SERVICE, "check", "accepted")
