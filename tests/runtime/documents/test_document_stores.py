"""Folder, S3 and OSS: a version is written once, whole, by exactly one."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.store import REMOVED, VersionExists

ROUNDS = 4


def test_versions_are_kept_side_by_side(store):
    """Every version stays readable, the lists are in numeric order."""
    for version in range(1, 13):
        store.create("apps/wx1", version, str(version).encode())

    assert list(range(1, 13)) == store.versions("apps/wx1")
    assert [b"1", b"12"] == [store.read("apps/wx1", each) for each in (1, 12)]
    (chain,) = store.chains("apps").values()
    assert chain == store.history("apps/wx1")
    assert [(1, 1), (12, 2)] == [(each.version, each.size) for each in chain[::11]]


def test_an_empty_store(store):
    """An absent document is absent, and no error of the store."""
    assert [] == store.ids("apps")
    assert {} == store.chains("apps")
    assert [] == store.versions("apps/wx1")
    with pytest.raises(FileNotFoundError):
        store.read("apps/wx1", 1)


def test_no_version_can_be_replaced(store):
    """The probe of `store check` finds that in every store, also a second time."""
    assert "" == store.create_only_fault()
    assert "" == store.create_only_fault()
    assert [] == store.ids("apps")


def test_a_version_is_never_replaced(store):
    """Creating it again is refused, with other and with the same content."""
    store.create("apps/wx1", 1, b"first")

    for content in (b"second", b"first"):
        with pytest.raises(VersionExists):
            store.create("apps/wx1", 1, content)
    assert b"first" == store.read("apps/wx1", 1)


def test_names_do_not_run_into_each_other(store):
    """A document is none of the other kind's, nor of one whose id begins like it."""
    for name in ("apps/wx1", "apps/wx10", "apps/b", "clients/wx1"):
        store.create(name, 1, name.encode())

    assert ["b", "wx1", "wx10"] == store.ids("apps")
    assert [1] == store.versions("apps/wx1")
    assert b"clients/wx1" == store.read("clients/wx1", 1)


def test_a_removal_is_seen_in_the_listing(store):
    """A removed document is no id, its history stays, and it may come back."""
    store.create("apps/wx1", 1, b"{}")
    store.create("apps/wx1", 2, REMOVED)
    assert [] == store.ids("apps")
    assert [False, True] == [each.removed for each in store.history("apps/wx1")]

    store.create("apps/wx1", 3, b"{}")
    assert ["wx1"] == store.ids("apps")


def test_any_bytes(store):
    """What was written is what is read, whatever it is."""
    content = bytes(range(256)) * 400
    store.create("apps/wx-_1", 1, content)

    assert content == store.read("apps/wx-_1", 1)


def test_more_versions_than_a_listing_has(store):
    """A listing goes on over its pages."""
    for each in range(1, 105):
        store.create(f"clients/c{each % 3}", each, b"{}")
    chains = store.chains("clients")

    assert {"c0": 34, "c1": 35, "c2": 35} == {id_: len(c) for id_, c in chains.items()}


@pytest.mark.parametrize("writers", [2, 8])
def test_writers_that_race(store, writers):
    """Of several who want the next version exactly one gets it, each round."""
    gate = threading.Barrier(writers)

    def race(me):
        won = 0
        gate.wait(30)
        while won < ROUNDS:
            version = (store.versions("apps/wx1") or [0])[-1] + 1
            try:
                store.create("apps/wx1", version, json.dumps([me] * 500).encode())
            except VersionExists:
                continue
            won += 1

    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(race, range(writers)))
    versions = store.versions("apps/wx1")
    winners = [json.loads(store.read("apps/wx1", each)) for each in versions]
    assert list(range(1, writers * ROUNDS + 1)) == versions
    assert all(winner == [winner[0]] * 500 for winner in winners)
    assert dict.fromkeys(range(writers), ROUNDS) == Counter(w[0] for w in winners)


@pytest.mark.parametrize("writers", [2, 8])
def test_writers_that_read_modify_write(store, writers):
    """Every increment counts, even of writers who write the very same bytes."""

    def add(_):
        documents = Documents(store, Envelope({1: b"m" * 32}))
        while True:
            found = documents.read("clients", "c")
            count = found.content["count"] if found else 0
            after = found.version if found else 0
            try:
                new = {"count": count + 1}
                return documents.write("clients", "c", new, after=after)
            except VersionExists:
                continue

    with ThreadPoolExecutor(writers) as threads:
        versions = list(threads.map(add, range(24)))
    assert list(range(1, 25)) == sorted(versions)
    found = Documents(store, Envelope({1: b"m" * 32})).read("clients", "c")
    assert (24, {"count": 24}) == (found.version, found.content)
