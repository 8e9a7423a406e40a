"""Check of the store: everything is read, and what cannot be read is reported."""

from __future__ import annotations

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.check import Finding
from runtime.documents.documents import Documents
from runtime.documents.store import StoreAway
from tests.runtime.documents.document_parts import APP, KEY, NEWER_KEY


def told(documents):
    """Return what the check says, briefly."""
    return {
        f"{each.kind}/{each.id}/{each.version}": each.fault
        for each in documents.check()
    }


def test_all_is_well(documents):
    """Every version of every document is read, removed ones too."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx1", APP, after=1)
    documents.write("clients", "shop", {"name": "Shop"}, after=0)
    documents.remove("clients", "shop", after=1)

    assert [
        Finding("apps", "wx1", 1, False, False, ""),
        Finding("apps", "wx1", 2, True, False, ""),
        Finding("clients", "shop", 1, False, False, ""),
        Finding("clients", "shop", 2, True, True, ""),
    ] == documents.check()


def test_an_empty_store(documents):
    """There is nothing to find."""
    assert [] == documents.check()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b"\xff", b'"text"'])
def test_what_is_no_document(documents, store, content):
    """Damaged or foreign bytes are reported, and the check goes on."""
    documents.write("apps", "wx2", APP, after=0)
    store.create("apps/wx1", 1, content)

    expected = {"apps/wx1/1": "it is no object in JSON", "apps/wx2/1": ""}
    assert expected == told(documents)


def test_a_missing_master_key(documents, store):
    """The field is named, and which of the versions needs the key."""
    documents.write("apps", "wx1", APP, after=0)
    Documents(store, Envelope({1: KEY, 2: NEWER_KEY})).reseal("apps", "wx1")

    fault = "no master key opens apps/wx1#secret"
    newest = Documents(store, Envelope({2: NEWER_KEY}))
    assert {"apps/wx1/1": fault, "apps/wx1/2": ""} == told(newest)


def test_what_the_store_does_not_give(documents, store, monkeypatch):
    """A version that is listed and cannot be fetched is an error of the store."""
    documents.write("apps", "wx1", APP, after=0)
    documents.write("apps", "wx2", APP, after=0)
    read = type(store).read

    def refuse(self, name, version):
        if name == "apps/wx1":
            raise StoreAway("GetObject: AccessDenied")
        return read(self, name, version)

    monkeypatch.setattr(type(store), "read", refuse)
    fault = "the store does not give it: GetObject: AccessDenied"
    assert {"apps/wx1/1": fault, "apps/wx2/1": ""} == told(documents)


def test_a_store_that_cannot_be_listed(documents, store, monkeypatch):
    """That is no finding but a fault of the whole."""

    def away(*_):
        raise StoreAway("ListObjects: AccessDenied")

    monkeypatch.setattr(type(store), "chains", away)
    with pytest.raises(StoreAway):
        documents.check()
