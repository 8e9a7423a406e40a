"""Known users and who may sign in, read by id and never by a listing."""

from __future__ import annotations

import hashlib
import json

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.bucket import BucketStore
from runtime.documents.documents import Documents
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.unreadable import UnreadableDocument
from runtime.errors import ServiceUnavailable
from runtime.registry.models import Client
from runtime.registry.registry import Registry
from runtime.registry.schema import InvalidDocument, client_document
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.ports import free_port
from tests.support.watched_store import WatchedStore

LI, HAN = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oHanMeiMei"


def id_of(sub):
    return hashlib.sha256(sub.encode()).hexdigest()


@pytest.fixture
def process(tmp_path, redis_server):
    """Make a process' registry on one store and one Redis; `.store` is its own."""

    def make():
        store = WatchedStore(tmp_path)
        copies = DocumentCopies(RedisStore(lambda: connect(redis_server.url)))
        documents = Documents(store, Envelope({1: b"m" * 32}), copies=copies)
        registry = Registry(documents)
        registry.store, registry.documents = store, documents
        return registry

    return make


def client(allow):
    return Client("wiki", "Wiki", {}, (), allow=allow)


@pytest.mark.parametrize(
    ("allow", "admitted"),
    [
        ("anyone", [True, True, True]),
        ("known", [True, True, False]),
        (("staff",), [True, False, False]),
        (("staff", "guests"), [True, True, False]),
        (("known",), [False, False, False]),
        ((), [False, False, False]),
    ],
)
def test_who_is_admitted(process, allow, admitted):
    """Everybody, known users, or the members of one of the groups."""
    registry = process()
    for sub, groups in ((LI, ["staff", "wiki"]), (HAN, ["guests"])):
        content = {"sub": sub, "groups": groups}
        registry.documents.write("people", id_of(sub), content, after=0)
    users = [LI, HAN, "oStranger"]

    assert [registry.admits(client(allow), sub) for sub in users] == admitted


def test_nobody_is_looked_up_by_a_listing(process):
    """From Redis' copy, or by the id alone; an absent one is remembered shortly."""
    process().documents.write("people", id_of(LI), {"sub": LI}, after=0)
    other = process()

    assert other.known_user(LI)
    assert other.store.asked == []
    assert [other.known_user(HAN) for _ in range(3)] == [None] * 3
    assert other.store.asked == [f"people/{id_of(HAN)}"]
    assert other.store.listed == []


def test_an_unlisted_user_is_found_after_redis_was_emptied(process, redis_server):
    """The store is asked for the id."""
    process().documents.write("people", id_of(LI), {"sub": LI}, after=0)
    redis_server.empty()

    assert process().known_user(LI).sub == LI


@pytest.mark.case(141)
def test_without_the_store_nobody_new_is_admitted(process):
    """It is an error that passes, not the answer that the user is unknown."""
    process().documents.write("people", id_of(LI), {"sub": LI}, after=0)
    other = process()
    other.store.away = True

    assert other.admits(client("known"), LI), "Redis has a copy"
    assert other.admits(client("anyone"), HAN)
    with pytest.raises(ServiceUnavailable):
        other.admits(client("known"), HAN)


def test_a_document_of_somebody_else_admits_nobody(process, tmp_path):
    """Neither one that was moved within the store, nor a damaged one."""
    registry = process()
    registry.documents.write("people", id_of(LI), {"sub": LI}, after=0)
    for sub, text in (
        (HAN, (tmp_path / "people" / id_of(LI) / "1.json").read_text()),
        ("oBroken", "{half"),
        ("oWithout", json.dumps({"groups": ["staff"]})),
    ):
        folder = tmp_path / "people" / id_of(sub)
        folder.mkdir()
        (folder / "1.json").write_text(text)
        with pytest.raises(UnreadableDocument):
            registry.admits(client("known"), sub)


def test_a_document_under_another_id_admits_nobody(process):
    """Whoever wrote it: the id is what a sign-in looks for."""
    registry = process()
    registry.documents.write("people", id_of(HAN), {"sub": LI}, after=0)

    assert not registry.admits(client("known"), LI)
    with pytest.raises(UnreadableDocument):
        registry.admits(client("known"), HAN)


@pytest.mark.parametrize("allow", ["members", "", 5, None, ["staff", 5], {"a": 1}])
def test_a_client_that_admits_nobody_knows_whom(process, allow):
    """A later version's word may mean fewer people: such a client is not used."""
    registry = process()
    content = {"name": "Wiki", "scopes": {}, "secret_hashes": [], "allow": allow}
    registry.documents.write("clients", "wiki", content, after=0)

    with pytest.raises(UnreadableDocument):
        registry.client("wiki")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"allow": "members"}, "allow"),
        ({"allow": []}, "allow"),
        ({"allow": ["anyone"]}, "allow"),
        ({"allow": ["a", "a"]}, "allow"),
        ({"openids": "yes"}, "openids"),
        (
            {
                "openids": True,
                "subject_type": "pairwise",
                "pairwise_salt": "0" * 32,
            },
            "openids",
        ),
    ],
)
def test_fields_that_no_client_has(fields, fault):
    """A group cannot be named as one of the words."""
    content = {"name": "Wiki", "scopes": {}, "public": True, "secret_hashes": []}
    with pytest.raises(InvalidDocument) as caught:
        client_document("wiki", {**content, **fields})

    assert caught.value.field == fault


def test_a_client_names_its_schema():
    """An older version keeps both fields, and knows that they are not its own."""
    content = {"name": "Wiki", "scopes": {}, "public": True, "secret_hashes": []}
    made = client_document("wiki", {**content, "allow": ["staff"], "openids": True})

    assert (made["allow"], made["openids"], made["schema"]) == (["staff"], True, 2)
    assert "schema" not in client_document("wiki", content)


def test_a_bucket_that_is_away(redis_server, monkeypatch):
    """A closed port: an error that passes, and no stranger."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = BucketStore("s3://b", endpoint=f"http://127.0.0.1:{free_port()}")
    copies = DocumentCopies(RedisStore(lambda: connect(redis_server.url)))
    documents = Documents(store, Envelope({1: b"m" * 32}), copies=copies)

    with pytest.raises(ServiceUnavailable):
        Registry(documents).admits(client("known"), LI)
