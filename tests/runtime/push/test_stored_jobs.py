"""Jobs of stored pushes on a real Redis: one script, pauses, dead letters, order."""

from __future__ import annotations

import json

import pytest

from runtime.crypto.envelope import Envelope
from runtime.push.budgets import Budgets, InboxFull
from runtime.push.dead_letters import DeadLetters
from runtime.push.deliveries import Deliveries
from runtime.push.inbox import Inbox
from runtime.push.journal import Journal
from runtime.push.pauses import Pauses
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import Matched
from runtime.registry.routes import Route
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.pushes import INBOX, event, sizes, text
from tests.support.relay import Relay
from tests.support.waited import let_pass

APP = "wx" + "1" * 16
BOT, COPY = f"{APP}/bot", f"{APP}/copy"


def route(id_, **fields):
    return Route(id_, "demo", "https://example.com/", **fields)


BOTH = Matched(route("bot", reply=True), (route("copy"),))
ONE_COPY = Matched(None, (route("copy"),))
ORDERED = Matched(None, (route("copy", ordered=True),))


class Parts:
    """All parts over one Redis."""

    def __init__(self, url, settings, **budgets):
        self.store = RedisStore(lambda: connect(url))
        envelope = Envelope(settings.master_keys)
        budget = Budgets(**budgets)
        self.inbox = Inbox(self.store, envelope, budgets=budget)
        self.deliveries = Deliveries(self.store, envelope, budgets=budget)
        self.dead_letters = DeadLetters(self.store, budgets=budget)
        self.pauses = Pauses(self.store)
        self.journal = Journal(self.store)


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def make(redis_server, settings):
    return lambda **budgets: Parts(redis_server.url, settings, **budgets)


@pytest.fixture
def parts(make, redis):
    return make()


@pytest.fixture
def store(parts, redis):
    """Store a text, with jobs for these routes."""

    def run(number=1, matched=BOTH, *, by=parts, message=None, openid="o1", asks=9.0):
        body = (message or text(number, openid=openid)).encode()
        made = Received(read_message(body), "n", redis.time()[0], "s", b"k")
        return by.inbox.store(APP, made, matched, ask_seconds=asks)

    return run


def states(parts, entry):
    """Return the state of each route's job."""
    found = parts.journal.one(APP, entry)
    return {job.route: job.state for job in found.jobs} if found else None


def entries(parts, target):
    """Return the texts that the next claim of a target has, and the claim."""
    claim = parts.deliveries.claim(target)
    found = [] if claim is None else claim.jobs
    return [parts.inbox.read(APP, job.entry).get("MsgId") for job in found], claim


def test_a_push_and_its_jobs_are_one(parts, store):
    """The caller asks the one, deliver gets the other."""
    stored = store()
    assert stored.asks
    assert {"bot": "asked", "copy": "due"} == states(parts, stored.entry)
    assert [COPY] == parts.deliveries.due().targets
    assert not store().is_new
    parts.deliveries.finish_as(stored.token, stored.job_id, answer="<reply/>")
    again = store()

    assert (False, "done", "<reply/>") == (again.is_new, again.state, again.answer)
    assert {"bot": "done", "copy": "due"} == states(parts, stored.entry)


def test_without_a_place_nothing_is_asked(parts, store):
    """The job waits for deliver."""
    stored = store(asks=0.0)
    assert not stored.asks
    assert {BOT, COPY} == set(parts.deliveries.due().targets)


def test_a_lost_answer_of_redis(redis_server, settings, redis):
    """The script that runs again finds its own push, and the caller still asks."""
    with Relay(redis_server.port) as relay:
        parts = Parts(relay.url, settings)
        made = Received(read_message(text(1).encode()), "n", redis.time()[0], "s", b"k")
        parts.inbox.store(APP, made, BOTH)
        made = Received(read_message(text(2).encode()), "n", redis.time()[0], "s", b"k")
        relay.begin(swallow=1)
        stored = parts.inbox.store(APP, made, BOTH, ask_seconds=9.0)
        assert relay.swallowed

    assert stored.asks
    assert 2 == redis.xlen(f"{INBOX}:stream:{APP}")


def test_a_paused_app_is_acknowledged_and_kept(parts, store, redis):
    """What was queued waits as well, and all comes in its order."""
    store(1)
    parts.pauses.pause_app(APP)
    assert parts.pauses.is_paused(APP)
    paused = store(2)
    store(3, ONE_COPY)
    assert not paused.asks
    assert {"bot": "due", "copy": "due"} == states(parts, paused.entry)
    assert ([], None) == entries(parts, COPY)
    assert [] == parts.deliveries.due().targets
    let_pass(redis, 2 * 86400)
    assert 4 == parts.pauses.resume_app(APP)

    assert ["1", "2", "3"] == entries(parts, COPY)[0]
    assert ["2"] == entries(parts, BOT)[0]
    assert not parts.pauses.is_paused(APP)


def test_a_target_that_an_operator_pauses(parts, store, redis):
    """Its jobs wait, however long, and those of others do not."""
    parts.pauses.pause_target(COPY)
    store(1, ONE_COPY)
    assert ([], None) == entries(parts, COPY)
    assert [] == parts.deliveries.due().targets
    let_pass(redis, 2 * 86400)
    parts.pauses.resume_target(COPY)

    assert ["1"] == entries(parts, COPY)[0]


def test_dead_letters_are_replayed_or_dropped(parts, store):
    """A replayed one begins anew; a push of which nothing is open is finished."""
    store(1, ONE_COPY)
    store(2, ONE_COPY)
    claim = parts.deliveries.claim(COPY)
    for job in claim.jobs:
        parts.deliveries.fail(claim, job, "status_410", ends=True)
    parts.deliveries.release(claim)
    newest, oldest = parts.dead_letters.list(APP)
    assert ("status_410", "copy", 1) == (newest.reason, newest.route, newest.attempts)
    assert 2 == parts.dead_letters.count(APP)
    assert parts.dead_letters.replay(oldest.id)
    assert not parts.dead_letters.replay(oldest.id)
    assert parts.dead_letters.drop(newest.id)
    assert not parts.dead_letters.drop(newest.id)
    assert not parts.dead_letters.drop(oldest.id)

    found, claim = entries(parts, COPY)
    assert ["1"] == found
    assert 0 == claim.jobs[0].attempts
    parts.deliveries.finish(claim, claim.jobs[0])
    assert 0 == parts.dead_letters.count(APP)
    assert {"copy": "done"} == states(parts, oldest.entry)


def test_a_failed_push_of_a_user_holds_the_later_ones(parts, store, redis):
    """Only of this user, until it is over."""
    for number, openid in enumerate(("o1", "o1", "o2", "o1"), start=1):
        store(number, ORDERED, openid=openid)
    found, claim = entries(parts, COPY)
    assert ["1", "2", "3", "4"] == found
    parts.deliveries.fail(claim, claim.jobs[0], "status_500")
    parts.deliveries.release(claim)
    found, claim = entries(parts, COPY)
    assert ["3"] == found
    parts.deliveries.finish(claim, claim.jobs[0])
    parts.deliveries.release(claim)
    store(5, ORDERED)
    assert [] == entries(parts, COPY)[0]
    let_pass(redis, 11)
    found, claim = entries(parts, COPY)
    assert ["1"] == found
    parts.deliveries.finish(claim, claim.jobs[0])
    parts.deliveries.release(claim)

    assert ["2", "4", "5"] == entries(parts, COPY)[0]


def test_it_holds_them_for_five_minutes_at_most(parts, store, redis):
    """Although it goes on to fail."""
    store(1, ORDERED)
    store(2, ORDERED)
    for seconds in (11, 21, 41, 81, 161):
        found, claim = entries(parts, COPY)
        assert ["1"] == found[:1]
        parts.deliveries.fail(claim, claim.jobs[0], "status_500")
        parts.deliveries.release(claim)
        assert [] == entries(parts, COPY)[0]
        let_pass(redis, seconds)

    found, claim = entries(parts, COPY)
    assert {"1", "2"} == set(found)
    first = claim.jobs[found.index("1")]
    parts.deliveries.fail(claim, first, "status_500")
    parts.deliveries.release(claim)
    assert ["2"] == entries(parts, COPY)[0]


def test_dead_letters_are_counted_by_app(parts, redis):
    """Whatever the ids begin with, and only so many apps at once."""
    names = {"wx1": 3, "wx12": 2, "wx1a": 1, "-": 4}
    for appid, number in names.items():
        for each in range(number):
            member = f"{appid}:{each:013}:{appid}/{each}-0/copy"
            redis.zadd(f"{INBOX}:dead", {member: 0})

    assert parts.dead_letters.by_app() == names
    assert len(parts.dead_letters.by_app(most=2)) == 2


def test_a_dead_letter_lets_the_later_ones_go(parts, store):
    """Nobody waits for it any more."""
    store(1, ORDERED)
    store(2, ORDERED)
    claim = parts.deliveries.claim(COPY)
    parts.deliveries.fail(claim, claim.jobs[0], "status_410", ends=True)
    parts.deliveries.release(claim)

    assert ["2"] == entries(parts, COPY)[0]


def test_what_is_due_is_not_dropped_for_room(make, store, redis):
    """Finished ones go first, then dead letters; then a push is not acknowledged."""
    parts = make(per_app=8 * 1024)
    with pytest.raises(InboxFull):
        [store(number, ONE_COPY, by=parts) for number in range(20)]
    held = redis.xlen(f"{INBOX}:stream:{APP}")
    claim = parts.deliveries.claim(COPY)
    parts.deliveries.fail(claim, claim.jobs[0], "status_410", ends=True)
    parts.deliveries.finish(claim, claim.jobs[1])
    store(21, ONE_COPY, by=parts)
    assert 1 == parts.dead_letters.count(APP)
    store(22, ONE_COPY, by=parts)
    assert 0 == parts.dead_letters.count(APP)
    with pytest.raises(InboxFull):
        store(23, ONE_COPY, by=parts)

    assert held == redis.xlen(f"{INBOX}:stream:{APP}")
    assert sizes(redis)[APP] == sizes(redis)["*"] <= 8 * 1024


def test_who_leaves_takes_all_jobs_along(parts, store, redis):
    """Nothing of that user's earlier pushes is left, and sizes add up."""
    store(1, BOTH)
    store(2, ORDERED)
    claim = parts.deliveries.claim(COPY)
    parts.deliveries.fail(claim, claim.jobs[0], "status_410", ends=True)
    parts.deliveries.fail(claim, claim.jobs[1], "status_500")
    parts.deliveries.release(claim)
    store(matched=None, message=event("unsubscribe", openid="o1"))

    for name in ("jobs", "queue", "dead", "aside", "asked", "open"):
        assert not redis.exists(f"{INBOX}:{name}"), name
    assert not [each for each in redis.hkeys(f"{INBOX}:states") if b"~" in each]
    (_, fields), *others = redis.xrange(f"{INBOX}:stream:{APP}")
    assert others == []
    assert sizes(redis) == dict.fromkeys((APP, "*"), int(fields[b"size"]))


def test_a_push_with_jobs_is_no_dearer_than_it_counts(parts, store, redis):
    """Budgets are of Redis' memory."""
    store(0)
    before, told = redis.info("memory")["used_memory"], sizes(redis)["*"]
    for number in range(1, 300):
        store(number, openid=f"o{number}")
    for key in redis.scan_iter(f"{INBOX}:seen:*"):
        redis.delete(key)

    assert redis.info("memory")["used_memory"] - before < sizes(redis)["*"] - told


def test_no_openid_and_no_message_is_readable(parts, store, redis):
    """Senders stand as a hash, bodies and answers are sealed."""
    stored = store(1, Matched(route("bot", reply=True), ORDERED.copies), openid="oSeen")
    parts.deliveries.finish_as(stored.token, stored.job_id, answer="an answer")
    claim = parts.deliveries.claim(COPY)
    parts.deliveries.fail(claim, claim.jobs[0], "status_500")
    for key in redis.scan_iter("gateway:push:*"):
        kept = redis.dump(key)
        assert not [each for each in (b"oSeen", b"hello", b"an answer") if each in kept]
        assert redis.ttl(key) > 0
    record = json.loads(redis.hget(f"{INBOX}:jobs", claim.jobs[0].id))
    assert 32 == len(record["o"])
