"""A bucket that is slow, silent, gone or closed to us."""

from __future__ import annotations

import time
import traceback

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.bucket import BucketStore
from runtime.documents.documents import Documents
from runtime.documents.store import StoreAway, VersionExists
from runtime.errors import ServiceUnavailable
from runtime.registry.registry import Registry
from tests.runtime.documents.document_stores import oss, oss_store, use_keys
from tests.support.oss_server import BUCKET, KEY_ID, KEY_SECRET
from tests.support.ports import free_port


@pytest.fixture
def server(monkeypatch):
    use_keys(monkeypatch)
    with oss(monkeypatch) as server:
        yield server


def test_a_lost_answer_is_no_rival(server):
    """The answer did not arrive; the repeated write meets itself, and has won."""
    server.bucket.lost_answers = 1
    oss_store(server).create("apps/wx1", 1, b"mine")

    assert ["PUT", "PUT", "GET"] == [s.line.split()[0] for s in server.bucket.seen]
    assert b"mine" == oss_store(server).read("apps/wx1", 1)


def test_a_lost_answer_beside_a_rival(server):
    """Where somebody else's version stands, the repeated write has lost."""
    server.bucket.objects["wechat/config/apps/wx1/1.json"] = b"theirs"
    server.bucket.lost_answers = 1

    with pytest.raises(VersionExists):
        oss_store(server).create("apps/wx1", 1, b"mine")
    assert b"theirs" == oss_store(server).read("apps/wx1", 1)


def test_the_same_content_is_a_rival_all_the_same(server):
    """A write that was not repeated cannot have met itself."""
    oss_store(server).create("apps/wx1", 1, b"same")

    with pytest.raises(VersionExists):
        oss_store(server).create("apps/wx1", 1, b"same")


def test_both_answers_lost(server):
    """Whether it was written is not known, so it is the store's fault, not a rival."""
    server.bucket.lost_answers = 2

    with pytest.raises(StoreAway, match=r"^PutObject: ConnectionClosedError$"):
        oss_store(server).create("apps/wx1", 1, b"mine")


def test_one_failure_is_repeated(server):
    """A passing 503 is not seen outside."""
    server.bucket.failures = [(503, "ServiceUnavailable")]
    assert [] == oss_store(server, answer_seconds=0.1).versions("apps/wx1")

    assert 2 == len(server.bucket.seen)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDenied"),
        (403, "InvalidAccessKeyId"),
        (404, "NoSuchBucket"),
        (409, "FileImmutable"),
        (501, "NotImplemented"),
    ],
)
def test_refusals(server, status, code):
    """Each operation tells its name and the store's code; neither key nor message."""
    store = oss_store(server)
    calls = {
        "GetObject": lambda: store.read("apps/wx1", 1),
        "PutObject": lambda: store.create("apps/wx1", 1, b"{}"),
        "ListObjects": lambda: store.ids("apps"),
    }
    for operation, call in calls.items():
        server.bucket.failures = [(status, code)]
        with pytest.raises(StoreAway) as caught:
            call()

        assert f"{operation}: {code}" == str(caught.value)
        told = "".join(traceback.format_exception(caught.value))
        assert not any(word in told for word in (KEY_ID, KEY_SECRET, "refused, key"))


def test_a_silent_bucket(server):
    """Two attempts of limited length, then it is away."""
    server.bucket.silent_seconds = 60
    begun = time.monotonic()
    with pytest.raises(StoreAway, match=r"^ListObjects: ReadTimeoutError$"):
        oss_store(server, answer_seconds=0.1).versions("apps/wx1")

    assert 2 == len(server.bucket.seen)
    assert time.monotonic() - begun < 30


def test_nobody_listens(monkeypatch):
    """A closed port is a store that is away, and for callers a 503."""
    use_keys(monkeypatch)
    store = BucketStore(f"s3://{BUCKET}", endpoint=f"http://127.0.0.1:{free_port()}")
    registry = Registry(Documents(store, Envelope({1: b"m" * 32})))

    with pytest.raises(ServiceUnavailable):
        registry.app("wx1")
    with pytest.raises(StoreAway, match=r"^ListObjects: EndpointConnectionError$"):
        store.ids("apps")


def test_no_keys(server, monkeypatch):
    """Without keys nothing is sent, and the fault says so."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(StoreAway, match=r"^GetObject: NoCredentialsError$"):
        oss_store(server).read("apps/wx1", 1)
    assert [] == server.bucket.seen


@pytest.mark.parametrize("page", ["<html>sign in<br>", "<html/>", ""])
def test_what_is_no_answer_of_a_bucket(server, page):
    """A page of some proxy in place of a listing is no empty bucket."""
    server.bucket.listing = page

    with pytest.raises(StoreAway, match=r"^ListObjects: (500|no listing)$"):
        oss_store(server).ids("apps")
