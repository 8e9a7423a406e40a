"""Deliveries on a real Redis: order, leases with a fence, pauses, dead letters."""

from __future__ import annotations

import time

import pytest

from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.push.budgets import Budgets, InboxFull
from runtime.push.deliveries import Deliveries, Late, job_id_of
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.pushes import INBOX, sizes
from tests.support.relay import Relay
from tests.support.waited import let_pass

TARGET, APP = "logout/demo", "wx" + "1" * 16


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def make(redis_server, settings):
    """Return deliveries with these budgets."""

    def run(**budgets):
        store = RedisStore(lambda: connect(redis_server.url))
        envelope = Envelope(settings.master_keys)
        return Deliveries(store, envelope, budgets=Budgets(**budgets))

    return run


@pytest.fixture
def deliveries(make, redis):
    return make()


def add(deliveries, *payloads, target=TARGET, **more):
    return [deliveries.add(target, "logout", each, **more) for each in payloads]


def payloads(deliveries, claim):
    return [deliveries.payload(job) for job in claim.jobs] if claim else []


def test_jobs_come_in_order_to_one_worker_at_a_time(deliveries, redis):
    """Another target is another worker's, and what is finished is gone."""
    add(deliveries, "a", "b", "c")
    add(deliveries, "other", target="logout/other")
    assert {TARGET, "logout/other"} == set(deliveries.due().targets)
    claim = deliveries.claim(TARGET)

    assert ["a", "b", "c"] == payloads(deliveries, claim)
    assert deliveries.claim(TARGET) is None
    assert ["logout/other"] == deliveries.due().targets
    for job in claim.jobs[:2]:
        deliveries.finish(claim, job)
    deliveries.release(claim)
    assert ["c"] == payloads(deliveries, deliveries.claim(TARGET))


def test_a_payload_is_sealed_for_its_job(deliveries, redis):
    """Nobody reads it in Redis, and it opens in no other place."""
    add(deliveries, "secret", "other")
    one, other = deliveries.claim(TARGET).jobs
    assert "secret" == deliveries.payload(one)
    for key in redis.scan_iter("gateway:push:*"):
        assert b"secret" not in redis.dump(key)
        assert redis.ttl(key) > 0
    moved = type(one)(**{**as_dict(one), "payload": other.payload})

    with pytest.raises(CannotOpen):
        deliveries.payload(moved)


def as_dict(job):
    return {name: getattr(job, name) for name in type(job).__slots__}


def test_a_job_of_the_callers_own_id_is_stored_once(deliveries, redis):
    """Also where the answer to `add` was lost."""
    one = job_id_of(APP, "release-check-7")
    for _ in range(2):
        assert one == deliveries.add(TARGET, "late", "x", appid=APP, job_id=one)
    assert 1 == len(deliveries.claim(TARGET).jobs)
    with pytest.raises(ValueError, match="letters"):
        deliveries.add("a:b", "late", "x")


def test_a_delayed_job_waits(deliveries, redis):
    """And it is not due before."""
    add(deliveries, "x", delay=60)
    due = deliveries.due()

    assert [] == due.targets
    assert 58 < due.next_in <= 60
    assert deliveries.claim(TARGET) is None
    let_pass(redis, 61)
    assert [TARGET] == deliveries.due().targets
    assert ["x"] == payloads(deliveries, deliveries.claim(TARGET))


def test_a_worker_that_slept_has_lost_the_target(deliveries, redis):
    """The fence: nothing it reports counts, and it does not free the other's claim."""
    add(deliveries, "a", "b")
    slow = deliveries.claim(TARGET, seconds=0.05)
    time.sleep(0.1)
    assert slow.is_over
    other = deliveries.claim(TARGET)
    assert ["a", "b"] == payloads(deliveries, other)

    with pytest.raises(Late):
        deliveries.finish(slow, slow.jobs[0])
    with pytest.raises(Late):
        deliveries.fail(slow, slow.jobs[0], "timeout")
    with pytest.raises(Late):
        deliveries.mark_asked(slow, slow.jobs[0], seconds=9)
    deliveries.release(slow)
    assert deliveries.claim(TARGET) is None
    deliveries.finish(other, other.jobs[0])


def test_the_lease_goes_on_with_each_report(deliveries, redis):
    """A worker that works has its target for longer than one lease."""
    add(deliveries, "a", "b", "c")
    claim = deliveries.claim(TARGET, seconds=0.6)
    for job in claim.jobs:
        time.sleep(0.35)
        assert deliveries.claim(TARGET) is None
        deliveries.finish(claim, job)


def test_pauses_grow_and_end_with_a_dead_letter(deliveries, redis):
    """10 s, 20 s, ... an hour; after a day it is over."""
    (job_id,) = add(deliveries, "x")
    waits = []
    for _ in range(60):
        claim = deliveries.claim(TARGET)
        state, _ = deliveries.fail(claim, claim.jobs[0], "status_500")
        deliveries.release(claim)
        if state == "dead":
            break
        waits.append(deliveries.due().next_in)
        let_pass(redis, 3601)

    assert [10, 20, 40, 80, 160] == [round(wait) for wait in waits[:5]]
    assert 3600 == round(max(waits))
    assert 20 < len(waits) < 34
    assert "dead" == deliveries.answer(job_id)[0]
    assert deliveries.due().next_in is None


def test_a_failed_job_lets_others_pass(deliveries, redis):
    """It comes again in its own time."""
    add(deliveries, "bad", "good")
    claim = deliveries.claim(TARGET)
    deliveries.fail(claim, claim.jobs[0], "status_500")
    deliveries.finish(claim, claim.jobs[1])
    deliveries.release(claim)
    assert deliveries.claim(TARGET) is None
    add(deliveries, "next")

    assert ["next"] == payloads(deliveries, deliveries.claim(TARGET))


def test_a_failing_target_is_paused_and_tried_by_one_job(deliveries, redis):
    """Its queue costs one attempt a pause, and one success ends it."""
    add(deliveries, *"abcdefgh")
    claim = deliveries.claim(TARGET)
    for job in claim.jobs[:3]:
        deliveries.fail(claim, job, "status_500")
    deliveries.release(claim)
    assert deliveries.claim(TARGET) is None
    assert 9 < deliveries.due().next_in <= 10
    let_pass(redis, 11)
    claim = deliveries.claim(TARGET)
    assert ["d"] == payloads(deliveries, claim)
    deliveries.fail(claim, claim.jobs[0], "status_500")
    deliveries.release(claim)
    assert 19 < deliveries.due().next_in <= 20
    let_pass(redis, 21)
    claim = deliveries.claim(TARGET)
    deliveries.finish(claim, claim.jobs[0])
    deliveries.release(claim)

    assert 7 == len(deliveries.claim(TARGET).jobs)


def test_one_bad_job_does_not_pause_its_target(deliveries, redis):
    """Its own retries do not count, however often they fail."""
    add(deliveries, "bad")
    for number in range(8):
        claim = deliveries.claim(TARGET)
        deliveries.fail(claim, claim.jobs[0], "status_500")
        deliveries.release(claim)
        add(deliveries, f"good {number}")
        claim = deliveries.claim(TARGET)
        assert [f"good {number}"] == payloads(deliveries, claim)
        deliveries.finish(claim, claim.jobs[0])
        deliveries.release(claim)
        let_pass(redis, 3601)


def test_an_asked_job_that_nobody_reports_is_unknown(deliveries, redis):
    """It is not done again by itself; who comes back late may still report it."""
    job_id, _ = add(deliveries, "x", "y")
    claim = deliveries.claim(TARGET)
    for job in claim.jobs:
        deliveries.mark_asked(claim, job, seconds=0.05)
    deliveries.release(claim)
    assert deliveries.claim(TARGET) is None
    time.sleep(0.1)
    assert 2 == deliveries.due().unknown
    assert "dead" == deliveries.answer(job_id)[0]
    assert deliveries.claim(TARGET) is None
    deliveries.finish(claim, claim.jobs[0])
    assert 1 == redis.zcard(f"{INBOX}:dead")


def test_what_was_not_sent_is_done_again(deliveries, redis):
    """A job that was marked, and could not be sent, waits for its next turn."""
    add(deliveries, "x")
    claim = deliveries.claim(TARGET)
    deliveries.mark_asked(claim, claim.jobs[0], seconds=60)
    assert "due" == deliveries.fail(claim, claim.jobs[0], "unreachable").state
    deliveries.release(claim)
    let_pass(redis, 11)

    assert ["x"] == payloads(deliveries, deliveries.claim(TARGET))


def test_a_script_that_runs_twice_changes_nothing(redis_server, settings, redis):
    """The answer of each was lost, and it was repeated."""
    with Relay(redis_server.port) as relay:
        store = RedisStore(lambda: connect(relay.url))
        deliveries = Deliveries(store, Envelope(settings.master_keys))
        add(deliveries, *"abc", target="logout/warm")
        claim = deliveries.claim("logout/warm")
        one, two, three = claim.jobs
        deliveries.finish(claim, one)
        deliveries.fail(claim, two, "timeout")
        deliveries.mark_asked(claim, three, seconds=9)

        def swallowed(work):
            relay.begin(swallow=1)
            made = work()
            assert relay.swallowed
            return made

        swallowed(lambda: add(deliveries, "a"))
        add(deliveries, "b", "c")
        claim = swallowed(lambda: deliveries.claim(TARGET))
        one, two, three = claim.jobs
        swallowed(lambda: deliveries.finish(claim, one))
        assert "due" == swallowed(lambda: deliveries.fail(claim, two, "timeout")).state
        swallowed(lambda: deliveries.mark_asked(claim, three, seconds=9))
    states = {deliveries.answer(job.id)[0] for job in (two, three)}

    assert {"due", "asked"} == states
    assert 1 == sum(member.startswith(f"{TARGET}:".encode()) for member in queue(redis))


def queue(redis):
    return redis.zrange(f"{INBOX}:queue", 0, -1)


def test_jobs_count_in_the_budgets(make, redis):
    """Dead letters go for new jobs, what is due does not."""
    deliveries = make(per_app=4096)
    with pytest.raises(InboxFull):
        add(deliveries, *map(str, range(20)), appid=APP)
    kept = redis.zcard(f"{INBOX}:queue")
    assert 4 <= kept < 8
    claim = deliveries.claim(TARGET)
    deliveries.fail(claim, claim.jobs[0], "status_410", ends=True)
    add(deliveries, "new", appid=APP)
    assert 0 == redis.zcard(f"{INBOX}:dead")
    assert kept == redis.zcard(f"{INBOX}:queue")
    for job in claim.jobs[1:]:
        deliveries.finish(claim, job)
    deliveries.release(claim)
    claim = deliveries.claim(TARGET)
    deliveries.finish(claim, claim.jobs[0])

    assert {f"{APP}/jobs": 0, "*": 0} == sizes(redis)


def test_a_job_is_no_dearer_than_it_counts(deliveries, redis):
    """Budgets are of Redis' memory."""
    add(deliveries, "scripts are loaded")
    before = redis.info("memory")["used_memory"]
    for number in range(500):
        add(deliveries, f"{number}", target=f"logout/{number % 50}", appid=APP)
    taken = redis.info("memory")["used_memory"] - before

    assert taken < sizes(redis)["*"]


def test_redis_clock_set_back_by_a_month_holds_nothing_up(deliveries, redis):
    """Leases, pauses and times that lie too far ahead are void."""
    add(deliveries, *"abcd")
    claim = deliveries.claim(TARGET)
    deliveries.fail(claim, claim.jobs[0], "timeout", stalls=True)
    let_pass(redis, -30 * 86400)

    assert [TARGET] == deliveries.due().targets
    found = payloads(deliveries, deliveries.claim(TARGET))
    assert set("abcd") == set(found)
