"""The inbox on a real Redis: budgets, ages, and sizes that always add up."""

from __future__ import annotations

import threading

import pytest

from runtime.crypto.envelope import Envelope
from runtime.push import budgets
from runtime.push import inbox as module
from runtime.push.budgets import Budgets, InboxFull
from runtime.push.inbox import OVERHEAD, Inbox
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.pushes import INBOX, event, sizes, stored, text

APPS = ("wx" + "1" * 16, "wx" + "2" * 16)


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def make(redis_server, settings):
    """Return an inbox with these budgets."""

    def run(**budgets):
        store = RedisStore(lambda: connect(redis_server.url))
        return Inbox(store, Envelope(settings.master_keys), budgets=Budgets(**budgets))

    return run


@pytest.fixture
def received(redis):
    """Return a push of now, encrypted or not."""

    def run(message, *, key=b"k", signature="s"):
        now = redis.time()[0]
        return Received(read_message(message.encode()), "n", now, signature, key)

    return run


def size_of(redis, appid):
    """Return what the entries of a stream say that they take."""
    entries = redis.xrange(f"{INBOX}:stream:{appid}")
    return sum(int(fields[b"size"]) for _, fields in entries)


def assert_consistent(redis):
    """Sizes, streams and senders tell the same."""
    told = sizes(redis)
    total = told.pop("*", 0)
    assert total == sum(told.values())
    for appid, size in told.items():
        assert size == size_of(redis, appid)
        senders = redis.zcard(f"{INBOX}:senders:{appid}")
        assert senders == redis.xlen(f"{INBOX}:stream:{appid}")
        range_ = (f"[{appid}:", f"[{appid};")
        assert senders == redis.zlexcount(f"{INBOX}:finished", *range_)


def make_old(redis, appid, *messages_ms):
    """Put entries with these times in place of a stream's own."""
    stream, senders = f"{INBOX}:stream:{appid}", f"{INBOX}:senders:{appid}"
    entries = redis.xrange(stream)
    redis.delete(stream, senders)
    redis.zremrangebylex(f"{INBOX}:finished", f"[{appid}:", f"[{appid};")
    for (_, fields), at in zip(entries, messages_ms, strict=True):
        id_ = redis.xadd(stream, fields, id=f"{at}-0").decode()
        redis.zadd(senders, {f"{fields[b'sender'].decode()}:{id_}": 0})
        redis.zadd(f"{INBOX}:finished", {f"{appid}:{id_}": 0})


@pytest.mark.case(157)
def test_the_oldest_make_room_within_an_app(make, received, redis, settings, caplog):
    """The other app keeps what it has."""
    inbox = make(per_app=4 * 1024)
    inbox.store(APPS[1], received(text()))
    for number in range(20):
        assert inbox.store(APPS[0], received(text(number))).is_new
        assert size_of(redis, APPS[0]) <= 4 * 1024
    kept = stored(redis, settings, APPS[0])

    assert kept == [text(number) for number in range(20 - len(kept), 20)]
    assert 2 <= len(kept) < 10
    assert "1 pushes dropped, budget used up" in caplog.text
    assert [text()] == stored(redis, settings, APPS[1])
    assert_consistent(redis)


def test_a_large_push_takes_the_place_of_many_small_ones(make, received, redis):
    """And one that is larger than the budget drops nothing."""
    inbox = make(per_app=20 * 1024)
    for number in range(20):
        inbox.store(APPS[0], received(text(number)))
    assert inbox.store(APPS[0], received(text(content="a" * 9000))).is_new
    assert_consistent(redis)
    before = redis.xlen(f"{INBOX}:stream:{APPS[0]}")

    with pytest.raises(InboxFull):
        inbox.store(APPS[0], received(text(content="a" * 20_000)))
    assert before == redis.xlen(f"{INBOX}:stream:{APPS[0]}")


@pytest.mark.case(157)
def test_the_total_holds_for_all_apps(make, received, redis):
    """A refused push leaves no trace, so that its repetition is not taken for equal."""
    inbox = make(in_all=2 * 1024)
    inbox.store(APPS[0], received(text(1)))
    inbox.store(APPS[1], received(text(1)))
    for _ in range(2):
        with pytest.raises(InboxFull):
            inbox.store(APPS[1], received(text(2)))
    assert_consistent(redis)
    redis.delete(f"{INBOX}:stream:{APPS[1]}")  # an operator makes room

    assert inbox.store(APPS[1], received(text(2))).is_new
    assert_consistent(redis)


def test_the_overhead_is_no_less_than_redis_takes(make, received, redis):
    """Budgets are of Redis' memory, not of messages."""
    inbox, count = make(), 500
    before = redis.info("memory")["used_memory"]
    for number in range(count):
        openid = f"o{number:027}"
        inbox.store(APPS[0], received(text(number, openid=openid)))
    for key in redis.scan_iter(f"{INBOX}:seen:*"):
        redis.delete(key)
    taken = redis.info("memory")["used_memory"] - before

    assert OVERHEAD == module.OVERHEAD
    assert taken < sizes(redis)["*"]


def test_bodies_end_after_three_days(make, received, redis, settings):
    """By the timer, and by the next push to the app."""
    inbox = make()
    for appid in APPS:
        for number in range(3):
            inbox.store(appid, received(text(number)))
        now = redis.time()[0] * 1000
        three_days = 3 * 86_400_000
        ages = (now - three_days - 2, now - three_days - 1, now - three_days + 60_000)
        make_old(redis, appid, *ages)
    inbox.store(APPS[1], received(text(3)))

    assert [text(2), text(3)] == stored(redis, settings, APPS[1])
    assert [text(0), text(1), text(2)] == stored(redis, settings, APPS[0])
    assert 2 == inbox.sweep()
    assert [text(2)] == stored(redis, settings, APPS[0])
    assert 0 == inbox.sweep()
    assert_consistent(redis)
    make_old(redis, APPS[0], 1)
    assert 1 == inbox.sweep()
    assert APPS[0] not in sizes(redis)
    assert_consistent(redis)


def test_many_old_ones_take_several_runs(make, received, redis, monkeypatch):
    """No run of a script holds Redis up."""
    monkeypatch.setattr(module, "MOST_DROPPED", 4)
    monkeypatch.setattr(budgets, "MOST_DROPPED", 4)
    inbox = make()
    for number in range(11):
        inbox.store(APPS[0], received(text(number)))
    make_old(redis, APPS[0], *range(1, 12))

    assert 11 == inbox.sweep()
    assert {} == {name: size for name, size in sizes(redis).items() if size}


def test_users_who_leave_are_told_apart(make, received, redis, settings):
    """By app and by openid, case and all."""
    inbox = make()
    users = ("oabc", "oABC", "oab")
    for appid in APPS:
        for user in users:
            inbox.store(appid, received(text(openid=user)))
    left = event("unsubscribe", openid="oabc")
    inbox.store(APPS[0], received(left))

    expected = [text(openid="oABC"), text(openid="oab"), left]
    assert expected == stored(redis, settings, APPS[0])
    assert 3 == redis.xlen(f"{INBOX}:stream:{APPS[1]}")
    assert_consistent(redis)


def test_sizes_add_up_under_threads(make, received, redis):
    """Equal pushes, budgets and users who leave, all at once."""
    inbox = make(per_app=6 * 1024)

    def work(worker):
        for number in range(30):
            openid = f"o{number % 3}"
            inbox.store(APPS[worker % 2], received(text(number, openid=openid)))
            if number % 7 == 0:
                left = event("unsubscribe", openid=openid, number=number)
                inbox.store(APPS[worker % 2], received(left))

    threads = [threading.Thread(target=work, args=(each,)) for each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert_consistent(redis)
