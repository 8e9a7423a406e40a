"""Histories of documents on every store: versions, removals and resealing."""

from __future__ import annotations

import json
import time

import pytest

from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.documents.documents import Document, Documents, VersionExists
from tests.runtime.documents.document_parts import APP, HUSH, KEY, NEWER_KEY

OTHER = {"kind": "website", "secret": "an0ther-s3cret"}


def rotated(store):
    """Return documents of a process that has the old and a newer master key."""
    return Documents(store, Envelope({1: KEY, 2: NEWER_KEY}))


def test_history(documents, store):
    """Every version with its date, oldest first, removals marked."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx1", OTHER, after=1)
    documents.remove("apps", "wx1", after=2)
    history = documents.history("apps", "wx1")

    told = [(each.version, each.removed) for each in history]
    assert [(1, False), (2, False), (3, True)] == told
    assert all(0 < each.written_at < time.time() + 60 for each in history)
    assert [] == documents.history("apps", "wx2")


def test_an_older_version_is_read(documents):
    """With its secrets opened; what is absent or a removal is None."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx1", OTHER, after=1)
    documents.remove("apps", "wx1", after=2)

    versions = [documents.read_version("apps", "wx1", each) for each in (1, 2, 3, 4)]
    assert [Document(1, APP), Document(2, OTHER), None, None] == versions


def test_removal(documents):
    """A removed document is absent and no id, and a later write goes on after it."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx2", APP, after=0)
    assert 2 == documents.remove("apps", "wx1", after=1)
    assert documents.read("apps", "wx1") is None
    assert ["wx2"] == documents.ids("apps")

    assert 2 == documents.version("apps", "wx1")
    with pytest.raises(VersionExists):
        documents.write("apps", "wx1", OTHER, after=0)
    assert 3 == documents.write("apps", "wx1", OTHER, after=2)
    assert Document(3, OTHER) == documents.read("apps", "wx1")


def test_nothing_to_remove(documents):
    """What never was and what is removed already cannot be removed."""
    with pytest.raises(LookupError, match=r"there is no apps/wx1"):
        documents.remove("apps", "wx1", after=0)
    documents.write("apps", "wx1", APP, after=0)
    documents.remove("apps", "wx1", after=1)

    with pytest.raises(LookupError, match=r"there is no apps/wx1"):
        documents.remove("apps", "wx1", after=2)
    assert 2 == documents.version("apps", "wx1")


def test_removal_is_compare_and_swap(documents):
    """A document that was changed meanwhile is not removed."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx1", OTHER, after=1)

    with pytest.raises(VersionExists):
        documents.remove("apps", "wx1", after=1)
    assert Document(2, OTHER) == documents.read("apps", "wx1")


def test_no_gap_in_a_chain(documents):
    """After a version that is not there yet nothing is written."""
    documents.write("apps", "wx1", APP, after=0)

    with pytest.raises(VersionExists):
        documents.write("apps", "wx1", APP, after=5)
    assert 1 == documents.version("apps", "wx1")


def test_resealing(documents, store):
    """The same content, under the newest key; afterwards there is nothing to do."""
    documents.write("apps", "wx1", APP, after=0)
    after_rotation = rotated(store)
    assert 2 == after_rotation.reseal("apps", "wx1")
    assert after_rotation.reseal("apps", "wx1") is None

    newest = Documents(store, Envelope({2: NEWER_KEY}))
    assert Document(2, APP) == newest.read("apps", "wx1")


def test_nothing_to_reseal(documents, store):
    """What has no secret, what is removed, and what never was is left alone."""
    documents.write("clients", "shop", {"name": "Shop"}, after=0)
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx2", {"kind": "website", "secret": ""}, after=0)
    documents.remove("apps", "wx1", after=1)
    after_rotation = rotated(store)

    names = [("clients", "shop"), ("apps", "wx1"), ("apps", "wx2"), ("apps", "wx3")]
    assert [None] * 4 == [after_rotation.reseal(*each) for each in names]
    assert 1 == documents.version("clients", "shop")


def test_one_old_secret_is_enough(documents, store):
    """A document in which an older key has sealed one field only is sealed anew."""
    newer = rotated(store)
    newer.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx2", APP, after=0)
    mixed = json.loads(store.read("apps/wx1", 1))
    old = Envelope({1: KEY}).seal("t", place="apps/wx1#token")
    store.create("apps/wx1", 2, json.dumps({**mixed, "token": old}).encode())

    assert 3 == newer.reseal("apps", "wx1")
    assert {**APP, "token": "t"} == newer.read("apps", "wx1").content


def test_resealing_without_the_old_key(documents, store):
    """What cannot be opened is not written anew."""
    documents.write("apps", "wx1", APP, after=0)

    with pytest.raises(CannotOpen):
        Documents(store, Envelope({2: NEWER_KEY})).reseal("apps", "wx1")
    assert 1 == documents.version("apps", "wx1")


def test_no_operation_takes_an_odd_id(documents):
    """None of them leaves its kind."""
    operations = (
        lambda id_: documents.history("apps", id_),
        lambda id_: documents.version("apps", id_),
        lambda id_: documents.read_version("apps", id_, 1),
        lambda id_: documents.remove("apps", id_, after=1),
        lambda id_: documents.reseal("apps", id_),
    )
    for operation in operations:
        with pytest.raises(ValueError, match="an id has"):
            operation("../clients/shop")


def test_no_secret_in_any_version(documents, store):
    """Whatever was done to it, no stored byte shows a secret."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx1", {**APP, "kind": "website"}, after=1)
    rotated(store).reseal("apps", "wx1")

    stored = [store.read("apps/wx1", each) for each in store.versions("apps/wx1")]
    assert 3 == len(stored)
    assert not any(HUSH.encode() in each for each in stored)
