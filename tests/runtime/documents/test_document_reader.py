"""Readers: memory, then Redis, then the store; none of them is behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.documents.documents import FRESH_SECONDS, Document
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.store import VersionExists
from runtime.state.redis_store import RedisStore
from tests.runtime.documents.document_parts import APP, HUSH

NEW = {**APP, "kind": "website"}


def test_a_second_process_reads_redis(place):
    """The first reader leaves a sealed copy, which spares all others the store."""
    place.process(redis=False).write("apps", "wx1", APP, after=0)
    first, second = place.process(), place.process()
    assert Document(1, APP) == first.read("apps", "wx1")
    assert Document(1, APP) == second.read("apps", "wx1")

    # The first one asks what there is, and reads it.
    assert (2, 0) == (first.store.reads, second.store.reads)
    copy = place.copy()
    assert b"1" == copy[b"version"]
    assert HUSH not in copy[b"content"].decode()


def test_strangers_ids_cost_one_look_for_all(place):
    """Made-up ids let the store be listed once in two seconds."""
    place.process().write("apps", "wx1", APP, after=0)
    process = place.process()
    found = {process.read("apps", f"stranger{number}") for number in range(20)}

    assert ({None}, 1) == (found, process.store.reads)
    assert Document(1, APP) == process.read("apps", "wx1")


def test_a_change_reaches_all_within_two_seconds(place):
    """The writer puts it into Redis at once; memories end after two seconds."""
    writer, readers = place.process(), [place.process() for _ in range(3)]
    writer.write("apps", "wx1", APP, after=0)
    assert [1, 1, 1] == [each.read("apps", "wx1").version for each in readers]
    writer.write("apps", "wx1", NEW, after=1)
    assert Document(2, NEW) == writer.read("apps", "wx1")

    place.later(FRESH_SECONDS)
    assert [Document(2, NEW)] * 3 == [each.read("apps", "wx1") for each in readers]
    assert [0, 0, 0] == [each.store.reads for each in readers]


def test_a_removal_reaches_all_within_two_seconds(place):
    """It is a version like any other, and costs readers no look into the store."""
    writer, reader = place.process(), place.process()
    writer.write("apps", "wx1", APP, after=0)
    assert reader.read("apps", "wx1") is not None
    writer.remove("apps", "wx1", after=1)
    assert writer.read("apps", "wx1") is None

    place.later(FRESH_SECONDS)
    assert reader.read("apps", "wx1") is None
    assert 0 == reader.store.reads


def test_a_copy_behind_what_was_seen(lone):
    """A version written without Redis is not taken back by the copy that Redis kept."""
    writer, reader = lone.process(), lone.process()
    writer.write("apps", "wx1", APP, after=0)
    lone.process(redis=False).write("apps", "wx1", NEW, after=1)
    lone.due()
    lone.later(FRESH_SECONDS)
    assert Document(2, NEW) == writer.read("apps", "wx1")
    with lone.redis.client() as client:
        client.hset("gateway:document:{apps/wx1}", "version", "1")
    lone.later(FRESH_SECONDS)
    assert Document(2, NEW) == writer.read("apps", "wx1")

    assert Document(2, NEW) == reader.read("apps", "wx1")


def test_a_late_reader_replaces_nothing(place):
    """Who read version 1 before version 2 was written puts nothing over it."""
    place.process(redis=False).write("apps", "wx1", APP, after=0)
    slow, writer = place.process(), place.process()
    read = slow.store.read

    def overtaken(name, version):
        found = read(name, version)
        writer.write("apps", "wx1", NEW, after=1)
        return found

    slow.store.read = overtaken
    assert 1 == slow.read("apps", "wx1").version

    assert b"2" == place.copy()[b"version"]


def test_who_lost_sees_the_winner(place):
    """Even where the winner has not reached Redis yet."""
    loser, winner = place.process(), place.process(redis=False)
    loser.write("apps", "wx1", APP, after=0)
    winner.write("apps", "wx1", NEW, after=1)
    with pytest.raises(VersionExists):
        loser.write("apps", "wx1", APP, after=1)

    assert Document(2, NEW) == loser.read("apps", "wx1")
    assert b"2" == place.copy()[b"version"]


def test_strangers_fill_nothing(place):
    """Ids without a document leave no key in Redis, and few entries in memory."""
    process = place.process()
    for number in range(200):
        assert process.read("clients", f"stranger-{number}") is None

    with place.redis.client() as client:
        assert [b"gateway:documents:{clients}"] == client.keys()
    assert 0 == len(process.memory)


def test_copies_end(place):
    """A copy that nobody reads is gone after a day."""
    place.process().write("apps", "wx1", APP, after=0)
    with place.redis.client() as client:
        left = client.pttl("gateway:document:{apps/wx1}")

    assert 86_300_000 < left <= 86_400_000


def test_a_slow_document_holds_up_no_other(place):
    """Sixteen readers share one search; who reads another document does not wait."""
    process = place.process(redis=False)
    for id_ in ("wx1", "wx2"):
        process.write("apps", id_, APP, after=0)
    place.later(FRESH_SECONDS)
    process.store.reads = 0
    gate = process.store.gates["apps/wx1"] = threading.Event()
    with ThreadPoolExecutor(16) as threads:
        slow = [threads.submit(process.read, "apps", "wx1") for _ in range(16)]
        assert Document(1, APP) == process.read("apps", "wx2")
        gate.set()
        found = [each.result(10) for each in slow]

    assert [Document(1, APP)] * 16 == found
    assert 2 == process.store.reads


def test_a_cluster_takes_each_script(place):
    """Each has one key, and that key a hash tag."""
    keys = []

    class Watching(RedisStore):
        def run(self, script, names, arguments, **options):
            keys.append(names)
            return super().run(script, names, arguments, **options)

    copies = DocumentCopies(Watching(place.redis.client))
    copies.put("apps/wx1", 1, b"{}")
    copies.get("apps/wx1")
    copies.drop("apps/wx1", 1)

    assert [["gateway:document:{apps/wx1}"]] * 3 == keys
    assert {} == place.copy()


def test_a_slow_search_beside_an_own_write(place):
    """What this process has just written is not taken back by a search begun before."""
    process = place.process(redis=False)
    process.write("apps", "wx1", APP, after=0)
    place.later(FRESH_SECONDS)
    read = process.store.read

    def overtaken(name, version):
        found = read(name, version)
        place.later(0.1)
        process.write("apps", "wx1", NEW, after=1)
        return found

    process.store.read = overtaken
    assert 1 == process.read("apps", "wx1").version

    assert Document(2, NEW) == process.read("apps", "wx1")


def test_only_what_is_wrong_is_dropped(place):
    """A copy that was replaced meanwhile stays."""
    process = place.process()
    process.write("apps", "wx1", APP, after=0)
    DocumentCopies(RedisStore(place.redis.client)).drop("apps/wx1", 2)

    assert b"1" == place.copy()[b"version"]


def test_a_copy_from_later_than_now_is_due(place):
    """Redis' clock was set back by an hour: a writer who died meanwhile is noticed."""
    process, lone = place.process(), place.process(redis=False)
    process.write("apps", "wx1", APP, after=0)
    with place.redis.client() as client:
        now, _ = client.time()
        client.hset("gateway:document:{apps/wx1}", "checked", (now + 3600) * 1000)
    lone.write("apps", "wx1", NEW, after=1)
    place.later(2.0)

    assert 2 == process.read("apps", "wx1").version
    assert int(place.copy()[b"checked"]) < (now + 60) * 1000
