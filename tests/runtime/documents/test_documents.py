"""Documents: chains of versions, secrets sealed, changes seen within two seconds."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from runtime.documents.documents import FRESH_SECONDS, Document, UnreadableDocument
from runtime.documents.store import VersionExists
from tests.runtime.documents.document_parts import APP, HUSH, Place


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, redis=None)


@pytest.fixture
def clock(place):
    return place.clock


@pytest.fixture
def make(place):
    """Return a process' documents; it has no Redis."""
    return partial(place.process, redis=False)


@pytest.fixture
def documents(make):
    return make()


def test_what_was_written_is_read(documents):
    """The newest version comes back with its number and its secrets opened."""
    assert 1 == documents.write("apps", "wx1", APP, after=0)
    assert Document(1, APP) == documents.read("apps", "wx1")

    assert 2 == documents.write("apps", "wx1", {**APP, "kind": "website"}, after=1)
    assert Document(2, {**APP, "kind": "website"}) == documents.read("apps", "wx1")
    assert ["wx1"] == documents.ids("apps")


def test_what_is_absent_is_none(documents):
    """An id without a document is None, and is not listed."""
    assert documents.read("apps", "wx1") is None
    assert [] == documents.ids("apps")


def test_no_secret_lies_in_the_folder(documents, tmp_path):
    """The stored bytes hold what is public as text, and no secret."""
    documents.write("apps", "wx1", APP, after=0)
    text = (tmp_path / "apps/wx1/1.json").read_text(encoding="utf-8")

    assert "张三" in text
    assert HUSH not in text
    assert "t0ken" not in text
    assert json.loads(text).keys() == APP.keys()


def test_empty_secrets_stay_empty(documents):
    """A field that is not set is not sealed."""
    documents.write("apps", "wx1", {"secret": "", "token": None}, after=0)

    assert Document(1, {"secret": "", "token": None}) == documents.read("apps", "wx1")


def test_the_next_version_is_compare_and_swap(documents, make):
    """Who writes after an old version is refused, and sees the newer one at once."""
    other = make()
    documents.write("apps", "wx1", APP, after=0)
    assert 1 == other.read("apps", "wx1").version
    documents.write("apps", "wx1", {**APP, "kind": "website"}, after=1)

    with pytest.raises(VersionExists):
        other.write("apps", "wx1", APP, after=1)
    assert Document(2, {**APP, "kind": "website"}) == other.read("apps", "wx1")


def test_a_change_is_seen_within_two_seconds(documents, make, clock):
    """Another process' change is seen after two seconds, and not asked for before."""
    reader = make()
    documents.write("apps", "wx1", APP, after=0)
    assert 1 == reader.read("apps", "wx1").version
    documents.write("apps", "wx1", APP, after=1)

    clock.now += FRESH_SECONDS - 0.01
    assert 1 == reader.read("apps", "wx1").version
    clock.now += 0.01
    assert 2 == reader.read("apps", "wx1").version
    assert 2 == reader.store.reads


def test_a_new_document_is_seen_at_once(documents, make):
    """Absence is not remembered."""
    reader = make()
    assert reader.read("apps", "wx1") is None
    documents.write("apps", "wx1", APP, after=0)

    assert 1 == reader.read("apps", "wx1").version


def test_strangers_fill_no_memory(documents):
    """Asking for a thousand ids that do not exist leaves nothing behind."""
    for number in range(1000):
        documents.read("clients", f"stranger-{number}")

    assert 0 == len(documents.memory)


@pytest.mark.parametrize(
    "id_",
    ["", "..", ".", "a/b", "../apps/wx1", "a\0", "a\n", "é", "\ud800", "a" * 65, "a b"],
)
def test_odd_ids_never_reach_the_store(documents, id_):
    """What is no id is absent for a reader and a fault for a writer."""
    assert documents.read("apps", id_) is None
    assert 0 == documents.store.reads
    with pytest.raises(ValueError, match="an id has"):
        documents.write("apps", id_, APP, after=0)


def test_a_moved_document_cannot_be_opened(documents, tmp_path):
    """A secret copied into another document's folder stays closed."""
    documents.write("apps", "wx1", APP, after=0)
    shutil.copytree(tmp_path / "apps/wx1", tmp_path / "apps/wx2")

    with pytest.raises(UnreadableDocument, match=r"apps/wx2 cannot be read"):
        documents.read("apps", "wx2")


def test_a_swapped_field_cannot_be_opened(documents, make, tmp_path):
    """A secret moved to another field of the same document stays closed."""
    documents.write("apps", "wx1", APP, after=0)
    file = tmp_path / "apps/wx1/1.json"
    content = json.loads(file.read_text())
    content["secret"] = content["token"]
    file.write_text(json.dumps(content))

    with pytest.raises(UnreadableDocument, match=r"apps/wx1 cannot be read"):
        make().read("apps", "wx1")


def test_a_removed_master_key(documents, make):
    """Without its key a document cannot be opened; the error holds no secret."""
    documents.write("apps", "wx1", APP, after=0)

    with pytest.raises(UnreadableDocument, match=r"apps/wx1 cannot be read"):
        make(keys={2: b"n" * 32}).read("apps", "wx1")


def test_rotated_master_keys(documents, make):
    """With both keys old documents are read and new ones sealed by the new key."""
    documents.write("apps", "wx1", APP, after=0)
    rotated = make(keys={1: b"m" * 32, 2: b"n" * 32})
    assert APP == rotated.read("apps", "wx1").content

    rotated.write("apps", "wx1", APP, after=1)
    assert APP == make(keys={2: b"n" * 32}).read("apps", "wx1").content


def test_repr_shows_no_content(documents):
    """A printed document shows its version only."""
    documents.write("apps", "wx1", APP, after=0)

    assert "Document(version=1)" == repr(documents.read("apps", "wx1"))


def test_threads_that_read_modify_write(make):
    """Every one of 40 increments by 8 threads with a memory of their own counts."""

    def add(_):
        documents = make()
        while True:
            found = documents.read("clients", "c")
            count = found.content["count"] if found else 0
            try:
                return documents.write(
                    "clients",
                    "c",
                    {"count": count + 1},
                    after=found.version if found else 0,
                )
            except VersionExists:
                continue

    with ThreadPoolExecutor(8) as threads:
        versions = list(threads.map(add, range(40)))
    assert list(range(1, 41)) == sorted(versions)
    assert Document(40, {"count": 40}) == make().read("clients", "c")


def test_threads_share_one_read(documents):
    """A herd of readers asks the store once."""
    documents.write("apps", "wx1", APP, after=0)
    gate = threading.Barrier(16)

    def read(_):
        gate.wait(10)
        return documents.read("apps", "wx1")

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(read, range(16)))
    assert [Document(1, APP)] * 16 == found
    assert 1 == documents.store.reads
