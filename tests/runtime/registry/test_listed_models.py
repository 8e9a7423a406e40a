"""Listings as models: what is derived from them, and documents that cannot be used."""

from __future__ import annotations

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import (
    FIRST_SECONDS,
    FRESH_SECONDS,
    Documents,
    UnreadableDocument,
)
from runtime.documents.folder import FolderStore
from runtime.registry.registry import Registry

FIRST, SECOND, THIRD = (f"wx{digit * 16}" for digit in "123")
APP = {"kind": "service", "secret": "hush"}


def client(*appids, **fields):
    scopes = {appid: ["/*"] for appid in appids}
    return {"name": "Shop", "scopes": scopes, "secret_hashes": [], **fields}


@pytest.fixture
def documents(tmp_path):
    return Documents(FolderStore(tmp_path), Envelope({1: b"m" * 32}))


@pytest.fixture
def registry(documents):
    return Registry(documents)


def test_the_clients_of_an_app(registry, documents):
    """All of them, in the order of their ids; none for an app that nobody uses."""
    documents.write("clients", "a", client(FIRST, SECOND), after=0)
    documents.write("clients", "b", client(FIRST), after=0)
    found = {
        appid: [each.client_id for each in registry.clients_of(appid)]
        for appid in (FIRST, SECOND, THIRD)
    }

    assert {FIRST: ["a", "b"], SECOND: ["a"], THIRD: []} == found
    assert registry.clients_of(THIRD) == ()


def test_the_origins_of_pages(registry, documents):
    """Those of public clients that are enabled, and of no others."""
    kinds = {
        "a": {"public": True},
        "b": {"public": True, "disabled": True},
        "c": {},
        "d": {"disabled": True},
    }
    for name, fields in kinds.items():
        origins = [f"https://{name}.example.com"]
        documents.write("clients", name, client(origins=origins, **fields), after=0)

    assert {"https://a.example.com"} == registry.page_origins(within=2.0)


def test_the_apps_of_a_client(registry, documents):
    """In the order of its document; one that is missing is left out."""
    for appid in (FIRST, SECOND):
        documents.write("apps", appid, APP, after=0)
    documents.write("clients", "a", client(SECOND, THIRD, FIRST), after=0)
    found = registry.apps_of(registry.client("a"))

    assert [SECOND, FIRST] == [app.appid for app in found]


def test_an_app_that_cannot_be_used(registry, documents):
    """It is left out of a client's apps, and an error where none remains."""
    documents.write("apps", FIRST, {"kind": "service"}, after=0)
    documents.write("apps", SECOND, APP, after=0)
    documents.write("clients", "a", client(FIRST, SECOND), after=0)
    documents.write("clients", "b", client(FIRST), after=0)
    found = registry.apps_of(registry.client("a"))

    assert [SECOND] == [app.appid for app in found]
    with pytest.raises(UnreadableDocument) as caught:
        registry.apps_of(registry.client("b"))
    assert f"apps/{FIRST}" in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        {"origins": "https://app.example.com"},
        {"origins": [5]},
        {"name": 5},
        {"public": "yes"},
        {"epoch": "1"},
        {"scopes": {FIRST: "/*"}},
        {"scopes": None},
        {"rate": {"per_second": 1}},
    ],
)
def test_documents_that_cannot_be_used(registry, documents, caplog, fault):
    """Lists leave them out, and say which; the log does so once a version."""
    documents.write("apps", FIRST, {"kind": "service"}, after=0)
    documents.write("clients", "a", {**client(FIRST), **fault}, after=0)
    documents.write("clients", "b", client(FIRST), after=0)
    named = (f"apps/{FIRST}", "clients/a")

    for _ in range(2):
        assert named == registry.unreadable()
        assert ["b"] == [each.client_id for each in registry.clients()]
        with pytest.raises(UnreadableDocument) as caught:
            registry.client("a")
        assert "clients/a" in str(caught.value)
    expected = [f"{name}: version 1 cannot be used" for name in named]
    assert expected == [m for m in caplog.messages if "cannot be used" in m]


def test_a_listing_is_derived_once(registry, documents):
    """As long as nothing has changed, the models are the same."""
    documents.write("apps", FIRST, APP, after=0)
    documents.write("clients", "a", client(FIRST), after=0)

    assert registry.apps() is registry.apps()
    assert registry.clients() is registry.clients()


def test_how_fresh_a_listing_has_to_be(tmp_path):
    """Two seconds, unless the caller is content with less or waits for less."""
    asked = []

    class Asked(Documents):
        def listing(self, kind, *, within, first, at_once):
            asked.append((kind, within, first, at_once))
            return super().listing(kind, within=within, first=first, at_once=at_once)

    registry = Registry(Asked(FolderStore(tmp_path), Envelope({1: b"m" * 32})))
    registry.apps()
    registry.apps(first=0.5)
    registry.clients()
    registry.page_origins(within=60.0, at_once=90.0)
    registry.unreadable(within=9.0)

    assert [
        ("apps", FRESH_SECONDS, FIRST_SECONDS, 0.0),
        ("apps", FRESH_SECONDS, 0.5, 0.0),
        ("clients", FRESH_SECONDS, FIRST_SECONDS, 0.0),
        ("clients", 60.0, FIRST_SECONDS, 90.0),
        ("apps", 9.0, FIRST_SECONDS, 0.0),
        ("clients", 9.0, FIRST_SECONDS, 0.0),
    ] == asked
