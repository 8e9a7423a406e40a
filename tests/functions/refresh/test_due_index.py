"""The index of what is due: a round asks it, and nothing in use is ever forgotten."""

from __future__ import annotations

import pytest

from functions.refresh.index import refresh
from runtime.custody.due_index import KEY
from runtime.documents.store import StoreAway
from runtime.errors import WeChatRefused
from runtime.gateway import Gateway
from tests.support.counted_redis import CountedRedis
from tests.support.scripted_wechat import APP_SECRET, SERVICE

STABLE = "/cgi-bin/stable_token"
TOKEN = {"access_token": "75_real", "expires_in": 7200}


@pytest.fixture
def real(wechat):
    wechat.script(STABLE, TOKEN)
    return wechat


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


def add_app(gateway, appid, *, after=0):
    content = {"kind": "miniprogram", "secret": APP_SECRET}
    gateway.documents.write("apps", appid, content, after=after)


def fetch(gateway, appid=SERVICE):
    app = gateway.registry.app(appid)
    return gateway.custody.get(gateway.calls.real_token_source(app)).value


def make_due(redis, appid=SERVICE, *, index=True):
    """Let the time pass at which the credential is due."""
    name = f"access_token:{appid}"
    redis.hset(f"gateway:credential:{{{name}}}", "due_at", 1)
    if index:
        redis.zadd(KEY, {name: 1})


def counted(settings, wechat, redis_server):
    """Return a new process, and its client of Redis."""
    client = CountedRedis.from_url(redis_server.url)
    return Gateway(settings, transport=wechat, client=lambda: client), client


def let_pass_be_over(gateway):
    """Make the round that looks at all apps, so that the next one need not."""
    refresh(gateway)


def test_a_round_asks_the_index(gateway, settings, real, redis_server, monkeypatch):
    """Nothing is due: no document and no credential is looked at."""
    for number in range(30):
        add_app(gateway, f"wx{number:016x}")
        fetch(gateway, f"wx{number:016x}")
    let_pass_be_over(gateway)
    stranger, client = counted(settings, real, redis_server)
    monkeypatch.setattr(stranger.registry, "apps", None)  # whoever calls it fails
    stranger.redis_store.get("a")  # a process asks first whose Redis it is
    connected = client.trips

    assert {"fresh": 30} == refresh(stranger)
    assert 1 == client.trips - connected


def test_a_full_pass_takes_few_round_trips(gateway, settings, real, redis_server):
    """It is as many for three hundred apps as for thirty."""
    trips = []
    for count in (30, 300):
        redis_server.empty()
        for number in range(count):
            add_app(gateway, f"wx{count:04x}{number:012x}")
        stranger, client = counted(settings, real, redis_server)
        refresh(stranger)
        trips.append(client.trips)
    assert trips[0] == trips[1] < 10


def test_what_is_due_is_fetched(gateway, real, redis):
    """And then it is fresh, in the index as well."""
    fetch(gateway)
    let_pass_be_over(gateway)
    make_due(redis)

    assert {"fetched": 1} == refresh(gateway)
    assert {"fresh": 1} == refresh(gateway)


@pytest.mark.parametrize("lost", ["index", "all of Redis"])
def test_a_lost_index_is_filled_by_the_next_round(gateway, real, redis, lost):
    """Without waiting for the next full pass."""
    fetch(gateway)
    let_pass_be_over(gateway)
    if lost == "index":
        redis.delete(KEY)
    else:
        redis.flushall()
        fetch(gateway.__class__(gateway.settings, transport=real))
        redis.delete(KEY)
    make_due(redis, index=False)

    assert {"fetched": 1} == refresh(gateway)


def test_what_an_older_version_fetched_is_found_by_a_full_pass(gateway, real, redis):
    """It writes no index; so it is with a process that dies after the commit."""
    let_pass_be_over(gateway)
    fetch(gateway)
    redis.zrem(KEY, f"access_token:{SERVICE}")
    make_due(redis, index=False)
    assert {} == refresh(gateway)
    redis.zadd(KEY, {"*": 1})  # a quarter of an hour later

    assert {"fetched": 1} == refresh(gateway)


def test_a_full_pass_that_was_not_finished_is_repeated(gateway, real, redis):
    """Its process died: the next pass is due in five minutes, not in fifteen."""
    gateway.upkeep.begin_round()
    unfinished = redis.zscore(KEY, "*")
    redis.delete(KEY)
    refresh(gateway)

    assert redis.zscore(KEY, "*") - unfinished > 500_000


def test_an_app_added_later_is_kept_up(gateway, real, redis):
    """From its first use on."""
    let_pass_be_over(gateway)
    add_app(gateway, "wx" + "1" * 16)
    fetch(gateway, "wx" + "1" * 16)
    make_due(redis, "wx" + "1" * 16)

    assert {"fetched": 1} == refresh(gateway)


def test_an_app_that_is_removed_is_forgotten(gateway, real, redis):
    """WeChat is not asked, and the index has no such name any more."""
    add_app(gateway, "wx" + "1" * 16)
    fetch(gateway, "wx" + "1" * 16)
    let_pass_be_over(gateway)
    gateway.documents.remove("apps", "wx" + "1" * 16, after=1)
    make_due(redis, "wx" + "1" * 16)
    asked = len(real.calls(STABLE))

    assert {"gone": 1} == refresh(gateway)
    assert {} == refresh(gateway)
    assert asked == len(real.calls(STABLE))


def test_what_nobody_has_used_for_two_days_is_dropped(gateway, real, redis):
    """Its hash has expired."""
    fetch(gateway)
    let_pass_be_over(gateway)
    make_due(redis)
    redis.delete(f"gateway:credential:{{access_token:{SERVICE}}}")

    assert {} == refresh(gateway)
    assert 1 == redis.zcard(KEY)


def test_a_rejected_value_is_replaced_by_the_next_round(gateway, real, redis):
    """Nobody has to wait for it."""
    source = gateway.calls.real_token_source(gateway.registry.app(SERVICE))
    value = fetch(gateway)
    let_pass_be_over(gateway)
    real.rescript(STABLE, {**TOKEN, "access_token": "75_next"})
    assert gateway.custody.reject(source, value)

    assert {"fetched": 1} == refresh(gateway)


def test_a_refused_first_fetch_is_tried_again(gateway, wechat, redis):
    """It is in use, though there has never been a value."""
    wechat.script(STABLE, {"errcode": 40125, "errmsg": "invalid appsecret"}, TOKEN)
    let_pass_be_over(gateway)
    with pytest.raises(WeChatRefused):
        fetch(gateway)
    assert {"paused": 1} == refresh(gateway)
    redis.hdel(f"gateway:credential:{{access_token:{SERVICE}}}", "retry_at")

    assert {"fetched": 1} == refresh(gateway)


def test_an_unreadable_app_stays_in_the_index(gateway, real, redis, tmp_path):
    """It comes back with its document, and stops no other."""
    add_app(gateway, "wx" + "1" * 16)
    for appid in (SERVICE, "wx" + "1" * 16):
        fetch(gateway, appid)
    let_pass_be_over(gateway)
    (tmp_path / "config" / "apps" / SERVICE / "2.json").write_text("{half")
    stranger = Gateway(gateway.settings, transport=real)
    for appid in (SERVICE, "wx" + "1" * 16):
        make_due(redis, appid)
    redis.zadd(KEY, {"*": 1})

    assert {"fetched": 1, "unreadable": 1} == refresh(stranger)
    assert redis.zscore(KEY, f"access_token:{SERVICE}") is not None


def test_with_the_documents_away_the_index_does(gateway, real, redis, monkeypatch):
    """What is due and known is fetched; the full pass follows when they are back."""
    fetch(gateway)
    make_due(redis)
    redis.zadd(KEY, {"*": 1})

    def away(*_, **__):
        raise StoreAway("ListObjects: ConnectTimeoutError")

    monkeypatch.setattr(gateway.documents, "listing", away)
    assert {"fetched": 1} == refresh(gateway)


def test_a_clock_that_is_set_back_delays_nothing(gateway, real, redis):
    """A full pass that lies further ahead than any can is made at once."""
    fetch(gateway)
    let_pass_be_over(gateway)
    later = redis.time()[0] * 1000 + 3_600_000
    redis.zadd(KEY, {"*": later, f"access_token:{SERVICE}": later})
    name = f"gateway:credential:{{access_token:{SERVICE}}}"
    redis.hset(name, mapping={"fetched_at": later, "due_at": later + 7_000_000})

    assert {"fetched": 1} == refresh(gateway)
