"""Documents while the store or Redis is away, empty, silent or behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.documents.documents import FRESH_SECONDS, Document
from runtime.documents.store import StoreAway
from tests.runtime.documents.document_parts import APP

NEW = {**APP, "kind": "website"}


def test_an_emptied_redis_heals(place):
    """The next reader finds the document in the store and leaves a copy again."""
    process = place.process()
    process.write("apps", "wx1", APP, after=0)
    with place.redis.client() as client:
        client.flushall()
    place.later(FRESH_SECONDS)
    assert Document(1, APP) == process.read("apps", "wx1")

    assert b"1" == place.copy()[b"version"]


def test_a_writer_that_died_before_redis(place):
    """One of the readers looks into the store every half minute, and puts it right."""
    reader, other = place.process(), place.process()
    reader.write("apps", "wx1", APP, after=0)
    place.process(redis=False).write("apps", "wx1", NEW, after=1)
    place.later(FRESH_SECONDS)
    assert 1 == other.read("apps", "wx1").version
    assert 0 == other.store.reads

    place.due()
    place.later(FRESH_SECONDS)
    assert 2 == other.read("apps", "wx1").version
    assert b"2" == place.copy()[b"version"]


def test_one_comparison_for_all(place):
    """Of eight processes that find a copy due, one looks into the store."""
    place.process().write("apps", "wx1", APP, after=0)
    processes = [place.process() for _ in range(8)]
    place.due()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda each: each.read("apps", "wx1"), processes))

    assert 1 == sum(each.store.reads for each in processes)


def test_the_store_away(place):
    """While Redis has the document callers notice nothing, a due comparison or not."""
    process = place.process()
    process.write("apps", "wx1", APP, after=0)
    process.store.away = True
    for _ in range(3):
        place.due()
        place.later(FRESH_SECONDS)
        assert Document(1, APP) == process.read("apps", "wx1")

    assert 4 == process.store.reads


def test_a_store_that_does_not_answer(place):
    """The comparison holds up its caller a moment, and what it brings later counts."""
    process = place.process(compare_seconds=0.01)
    process.write("apps", "wx1", APP, after=0)
    place.process(redis=False).write("apps", "wx1", NEW, after=1)
    gate = process.store.gates["apps/wx1"] = threading.Event()
    place.due()
    place.later(FRESH_SECONDS)
    assert 1 == process.read("apps", "wx1").version

    gate.set()
    seen = threading.Event()
    for _ in range(500):
        if place.copy()[b"version"] == b"2":
            break
        seen.wait(0.01)
    place.later(FRESH_SECONDS)
    assert 2 == process.read("apps", "wx1").version


def test_redis_away(lone):
    """Then the store is read, by everyone, and written."""
    lone.redis.stop()
    writer, reader = lone.process(), lone.process()
    writer.write("apps", "wx1", APP, after=0)
    assert Document(1, APP) == reader.read("apps", "wx1")
    writer.write("apps", "wx1", NEW, after=1)

    lone.later(FRESH_SECONDS)
    assert Document(2, NEW) == reader.read("apps", "wx1")


def test_both_away(lone):
    """A process goes on with what it has seen; what it has not seen is a fault."""
    process, fresh = lone.process(), lone.process()
    process.write("apps", "wx1", APP, after=0)
    lone.redis.stop()
    process.store.away = fresh.store.away = True
    lone.later(3600)
    for _ in range(3):
        assert Document(1, APP) == process.read("apps", "wx1")

    assert 2 == process.store.reads
    with pytest.raises(StoreAway):
        fresh.read("apps", "wx1")


def test_a_store_that_was_put_back(place):
    """What the store no longer has is dropped at the next comparison."""
    process = place.process()
    process.write("apps", "wx1", APP, after=0)
    process.write("apps", "wx1", NEW, after=1)
    (place.root / "apps/wx1/2.json").unlink()
    place.due()
    place.later(FRESH_SECONDS)
    process.read("apps", "wx1")
    place.later(FRESH_SECONDS)

    assert Document(1, APP) == process.read("apps", "wx1")
    assert b"1" == place.copy()[b"version"]


def test_a_failed_search_is_not_the_last(place):
    """After a fault the next reader searches anew."""
    process = place.process(redis=False)
    process.write("apps", "wx1", APP, after=0)
    process.memory.forget("apps/wx1")
    process.store.away = True
    with pytest.raises(StoreAway):
        process.read("apps", "wx1")
    process.store.away = False

    assert Document(1, APP) == process.read("apps", "wx1")


def test_what_is_gone_does_not_come_back(place):
    """A document that the store has lost is forgotten, and no ghost in an outage."""
    process = place.process(redis=False)
    process.write("apps", "wx1", APP, after=0)
    (place.root / "apps/wx1/1.json").unlink()
    place.later(FRESH_SECONDS)
    assert process.read("apps", "wx1") is None

    process.store.away = True
    with pytest.raises(StoreAway):
        process.read("apps", "wx1")
