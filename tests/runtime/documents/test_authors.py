"""Authors of versions on folder, S3 and OSS: objects beside the documents."""

from __future__ import annotations

import logging

import pytest

from runtime.documents.authors import FOLDER, Authors
from runtime.documents.secret_fields import SECRET_FIELDS
from runtime.documents.store import StoreAway

APP = {"kind": "service", "secret": "f" * 32}
ANN, BOB = {"who": "ann@desk", "reason": "new shop"}, {"who": "AKbob", "reason": ""}


def test_each_version_has_its_author(documents):
    """A removal as well, and only what is written within the block."""
    with documents.noting(ANN):
        documents.write("apps", "wx1", APP, after=0)
    with documents.noting(BOB):
        documents.write("apps", "wx1", {**APP, "subject": "unionid"}, after=1)
        documents.remove("apps", "wx1", after=2)
    documents.write("apps", "wx1", APP, after=3)

    found = [documents.author("apps", "wx1", version) for version in (1, 2, 3, 4, 5)]
    assert [ANN, BOB, BOB, {}, {}] == found


def test_no_author_is_a_document(documents, store):
    """Nothing that lists, checks or reads documents sees it."""
    assert FOLDER not in SECRET_FIELDS
    with documents.noting(ANN):
        documents.write("apps", "wx1", APP, after=0)

    assert (["wx1"], [1]) == (store.ids("apps"), store.versions("apps/wx1"))
    assert [("apps", "wx1", 1)] == [
        (each.kind, each.id, each.version) for each in documents.check()
    ]
    assert APP == documents.read("apps", "wx1").content


def test_an_author_is_of_these_bytes(store):
    """Of another version with the same number, as after a restore, nobody says it."""
    authors = Authors(store)
    authors.note("apps/wx1", 2, b'{"kind": "service"}', ANN)
    authors.note("apps/wx1", 2, b'{"kind": "website"}', BOB)
    authors.note("apps/wx1", 2, b'{"kind": "website"}', ANN)

    assert ANN == authors.of("apps/wx1", 2, b'{"kind": "service"}')
    assert BOB == authors.of("apps/wx1", 2, b'{"kind": "website"}')
    assert {} == authors.of("apps/wx1", 2, b'{"kind": "mobile"}')
    assert {} == authors.of("apps/wx1", 3, b'{"kind": "service"}')


@pytest.mark.parametrize("content", [b"[]", b"{half", b"null"])
def test_a_damaged_one_is_none(store, content):
    """A history is shown all the same."""
    authors = Authors(store)
    authors.note("apps/wx1", 1, b"{}", ANN)
    (name,) = store.object_names(f"{FOLDER}/apps/wx1")
    other = name.replace("1-", "2-")
    store.create_object(f"{FOLDER}/apps/wx1/{other}", content)

    assert {} == authors.of("apps/wx1", 2, b"{}")


def test_a_store_that_fails_costs_the_author_alone(documents, store, caplog):
    """The version is written, and the log says what is missing."""
    caplog.set_level(logging.WARNING)
    write = store.create_object

    def fail(name, content):
        if name.startswith(FOLDER):
            raise StoreAway("PutObject: SlowDown")
        write(name, content)

    store.create_object = fail
    with documents.noting(ANN) as written:
        documents.write("apps", "wx1", APP, after=0)

    assert [1] == [each.version for each in written]
    assert {} == documents.author("apps", "wx1", 1)
    said = "apps/wx1: author of version 1 not stored, PutObject: SlowDown"
    assert [said] == [each.getMessage() for each in caplog.records]
