"""Fixtures of the documents' tests: each kind of store, and places with a Redis."""

from __future__ import annotations

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from tests.runtime.documents.document_parts import KEY, Place
from tests.runtime.documents.document_stores import KINDS, store_of


@pytest.fixture(params=KINDS)
def store(request, tmp_path, monkeypatch):
    with store_of(request.param, tmp_path=tmp_path, monkeypatch=monkeypatch) as store:
        yield store


@pytest.fixture
def documents(store):
    return Documents(store, Envelope({1: KEY}))


@pytest.fixture
def place(tmp_path, redis_server):
    return Place(tmp_path, redis_server)


@pytest.fixture
def lone(tmp_path, own_redis):
    """A place whose Redis may be stopped."""
    return Place(tmp_path / "config", own_redis)
