"""Listings of all documents: one LIST, one look-up, shared, and used while renewed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.renewed import FEW
from runtime.documents.store import StoreAway
from runtime.registry.page_origins import PageOrigins
from runtime.registry.registry import Registry
from runtime.state.redis_store import RedisStore
from tests.runtime.documents.document_parts import KEY, Clock
from tests.runtime.documents.document_stores import oss, oss_store, use_keys
from tests.support.counted_redis import CountedRedis
from tests.support.local_hosts import eventually

ORIGIN = "https://page.example.com"
PAGE = {
    "name": "Page",
    "scopes": {},
    "secret_hashes": [],
    "public": True,
    "origins": [ORIGIN],
}


@pytest.fixture
def server(monkeypatch):
    use_keys(monkeypatch)
    with oss(monkeypatch) as server:
        yield server


@pytest.fixture
def process(server, own_redis):
    """Make the documents of one process; `.clock` and `.redis` are its own."""

    def make(*, redis=True, **more):
        clock, client = Clock(), CountedRedis.from_url(own_redis.url)
        store = RedisStore(lambda: client)
        documents = Documents(
            oss_store(server, answer_seconds=90),
            Envelope({1: KEY}),
            copies=DocumentCopies(store) if redis else None,
            clock=clock,
            **more,
        )
        documents.clock, documents.redis = clock, client
        return documents

    return make


@pytest.fixture
def filled(process):
    """Twelve clients, which a process has listed, so that Redis has all copies."""
    writer = process()
    for number in range(12):
        writer.write("clients", f"page-{number}", PAGE, after=0)
    assert 12 == len(writer.listing("clients").documents)
    return writer


def lists(server):
    return [each for each in server.bucket.seen if each.line.startswith("GET /?")]


def gets(server):
    return [each for each in server.bucket.seen if each.line.startswith("GET /wechat")]


def test_a_listing_is_one_list_and_one_look_up(filled, process, server, own_redis):
    """Whatever their number; a second one costs Redis nothing where nothing is new."""
    with own_redis.client() as client:
        client.delete("gateway:documents:{clients}")
    server.bucket.seen.clear()
    reader = process()
    first = reader.listing("clients")
    assert (1, 0, 3) == (len(lists(server)), len(gets(server)), reader.redis.trips)
    reader.clock.now += 100
    assert first is reader.listing("clients", within=50)
    assert 12 == len(first.documents)


def test_listed_copies_are_kept_alive(filled, process, own_redis):
    """A process that lists them does not read each one; once in an hour it is told to.

    Otherwise the copies of a quiet client would end after a day.
    """
    listed, copy = "gateway:documents:{clients}", "gateway:document:{clients/page-3}"
    with own_redis.client() as client:
        lives = []
        for ago in (1_000, 3_700_000):
            now = client.time()[0] * 1000
            client.hset(listed, mapping={"at": now - 60_000, "extended": now - ago})
            client.pexpire(copy, 5_000_000)
            process().list_now("clients")
            lives.append(client.pttl(copy) > 5_000_000)
    assert [False, True] == lives


def test_the_listing_of_another_process_is_enough(filled, process, server):
    """A new process does not ask the bucket at all, nor for a new origin's request."""
    server.bucket.seen.clear()
    origins = PageOrigins(Registry(process()))
    assert [True, False] == [origins.know(ORIGIN), origins.know("https://x.example")]
    assert [] == server.bucket.seen


def test_a_change_is_seen_within_two_seconds(filled, process):
    """By the next listing, in a process that has listed before."""
    reader = process()
    reader.listing("clients")
    filled.write("clients", "new", PAGE, after=0)
    filled.remove("clients", "page-0", after=1)
    filled.write("clients", "page-1", {**PAGE, "name": "Renamed"}, after=1)
    filled.listing("clients")
    reader.clock.now += 2
    listed = reader.listing("clients").documents

    assert "new" in listed
    assert "page-0" not in listed
    assert "Renamed" == listed["page-1"].content["name"]


def test_a_slow_bucket_holds_no_thread(filled, process, server, own_redis):
    """Unknown ids and pages' requests go on with what is known; one LIST is under way.

    The time that a bucket takes is that of no request.
    """
    with own_redis.client() as client:
        client.hset("gateway:documents:{clients}", "at", "1")  # long ago
    reader = process()
    registry = Registry(reader)
    origins = PageOrigins(registry)
    server.bucket.seen.clear()
    server.bucket.silent_seconds = 60
    answered, answers = server.bucket.answered, []

    def ask(number):
        answers.append(registry.client(f"unknown-{number}"))
        answers.append(registry.client(f"page-{number % 12}") is not None)
        answers.append(origins.know(ORIGIN))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(64)))
    eventually(lambda: lists(server))
    while_slow = len(lists(server))

    assert 192 == len(answers)
    assert (64, 128) == (answers.count(None), answers.count(True))
    assert 1 == while_slow, "each question listed the bucket"
    assert answered == server.bucket.answered, "the bucket held the questions up"


@pytest.mark.parametrize("age", [299, 301])
def test_a_known_origin_does_not_wait_for_a_renewal(
    filled, process, server, own_redis, age
):
    """For five minutes it is known at once; later, the listing is awaited."""
    reader = process(patience=30)
    origins = PageOrigins(Registry(reader))
    assert origins.know(ORIGIN)
    with own_redis.client() as client:
        client.hset("gateway:documents:{clients}", "at", "1")  # long ago
    reader.clock.now += age
    answered = server.bucket.answered
    server.bucket.silent_seconds = 1
    assert origins.know(ORIGIN)
    assert (server.bucket.answered > answered) is (age > 300)


def test_few_wait_long_for_a_first_listing(filled, process, server):
    """The others would hold every thread of a process that knows no listing yet."""
    stranger = process(redis=False)
    server.bucket.silent_seconds = 1.2  # for the LIST, and for the documents

    def ask(_):
        try:
            return stranger.listing("clients").documents.keys()
        except StoreAway:
            return None

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(ask, range(12)))

    assert FEW == len(found) - found.count(None)
    server.bucket.silent_seconds = 0
    assert stranger.listing("clients").documents


def test_a_stale_listing_is_replaced_when_the_bucket_answers(filled, process, server):
    """The renewal goes on when nobody waits for it any more."""
    reader = process()
    reader.listing("clients")
    store = oss_store(server)
    store.create("clients/new", 1, b'{"name":"New","scopes":{},"secret_hashes":[]}')
    reader.clock.now += 60
    filled.clock.now += 60
    server.bucket.silent_seconds = 1
    assert "new" not in reader.listing("clients", within=0.001).documents
    server.bucket.silent_seconds = 0

    def is_seen():
        reader.clock.now += 60
        return "new" in reader.listing("clients", within=0.001).documents

    eventually(is_seen)


def test_the_bucket_away(filled, process, server, own_redis):
    """What is known stays in use; a process that knows nothing says so, and soon."""
    reader = process()
    reader.listing("clients")
    server.stop()
    reader.clock.now += 60
    assert 12 == len(reader.listing("clients", within=0.001).documents)
    own_redis.empty()
    stranger = process()
    for _ in range(20):  # the first one tries, the others are told at once
        with pytest.raises(StoreAway):
            stranger.listing("clients", first=30)


def test_an_unknown_id_is_asked_for_once(filled, process):
    """For two seconds it costs neither Redis nor the bucket anything."""
    reader = process()
    assert reader.read("clients", "nobody") is None
    before = reader.redis.trips
    for _ in range(50):
        assert reader.read("clients", "nobody") is None
    assert before == reader.redis.trips
    filled.write("clients", "nobody", PAGE, after=0)
    reader.clock.now += 2
    assert reader.read("clients", "nobody") is not None


def test_a_restored_store_decides(process, server):
    """A newer version that it no longer has is dropped, from Redis, too."""
    process().write("clients", "page", PAGE, after=0)
    reader = process()
    process().write("clients", "page", {**PAGE, "name": "Later"}, after=1)
    reader.listing("clients")
    for key in [each for each in server.bucket.objects if each.endswith("page/2.json")]:
        del server.bucket.objects[key]
    reader.clock.now += 60
    for _ in range(2):
        listed = reader.listing("clients", within=0.0001)
        reader.clock.now += 60
    assert "Page" == listed.documents["page"].content["name"]


def test_a_restored_file_is_listed_again(filled, process, server):
    """Under its old version: somebody has put back what a hand had damaged."""
    (name,) = [each for each in server.bucket.objects if "/page-3/1.json" in each]
    whole = server.bucket.objects[name]
    server.bucket.objects[name] = whole[:40]
    reader = process()
    reader.redis.flushdb()
    assert reader.listing("clients", first=30).unreadable == ("page-3",)
    server.bucket.objects[name] = whole
    reader.clock.now += 60
    for _ in range(2):
        listed = reader.listing("clients", within=0.0001)
        reader.clock.now += 60
    assert listed.unreadable == ()
    assert len(process().listing("clients", first=30).documents) == 12


def test_redis_away_and_documents_missing_there(filled, process, own_redis):
    """The bucket has them: they are read from there, and each thread gets them."""
    own_redis.stop()
    reader, found, barrier = process(), [], threading.Barrier(8)

    def ask():
        barrier.wait()
        found.append(len(reader.listing("clients", first=30).documents))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [12] * 8 == found
    own_redis.start()
