"""Copies in Redis as an operator gets them: all of them, while the store is away."""

from __future__ import annotations

import pytest
from redis import Redis

from runtime.crypto.envelope import Envelope
from runtime.documents.copied_documents import CopiedDocuments
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.secret_fields import Sealed, SecretFields
from runtime.documents.store import StoreAway
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.deployments import cluster_deployment
from tests.runtime.documents.document_parts import APP, HUSH, KEY, NEWER_KEY


@pytest.fixture
def filled(place):
    """A process that has written documents of three kinds."""
    made = place.process()
    made.write("apps", "wx1", APP, after=0)
    made.write("apps", "wx1", {**APP, "kind": "website"}, after=1)
    made.write("clients", "gone", {"name": "Gone"}, after=0)
    made.remove("clients", "gone", after=1)
    made.write("people", "a" * 64, {"sub": "o-1"}, after=0)
    return made


def test_every_copy_is_found(place, filled):
    """Also of kinds that nobody lists; of a removal, that it is one."""
    names = ["apps/wx1", "clients/gone", f"people/{'a' * 64}"]
    copied = place.process().copied
    found = copied.get(copied.names())

    assert names == copied.names() == sorted(found)
    assert [2, 2, 1] == [found[name].version for name in names]
    assert [False, True, False] == [found[name].removed for name in names]
    assert HUSH == found["apps/wx1"].content["secret"]
    assert HUSH not in str(found["apps/wx1"].stored)
    assert found["clients/gone"].content is None


def test_without_the_master_key(place, filled):
    """What no key opens stays sealed."""
    found = place.process(keys={2: NEWER_KEY}).copied.get(["apps/wx1"])

    assert isinstance(found["apps/wx1"].content["secret"], Sealed)


def test_a_damaged_copy(place, filled):
    """It is there, and has no content."""
    place.redis.client().hset("gateway:document:{apps/wx1}", "content", "{")
    (found,) = place.process().copied.get(["apps/wx1"]).values()

    assert (None, False) == (found.content, found.removed)


def test_the_store_is_not_asked(place, filled):
    """Nor does it matter that it is away."""
    made = place.process()
    made.store.away = True
    with pytest.raises(StoreAway):
        made.version("apps", "wx1")

    assert 3 == len(made.copied.get(made.copied.names()))


def test_a_user_of_redis_who_may_not_search_it(place, filled, redis_server):
    """The last listing tells at least what it has."""
    filled.list_now("apps")
    admin = redis_server.client()
    admin.execute_command(
        *("ACL", "SETUSER", "narrow", "on", ">x", "~*", "+@all", "-scan")
    )
    client = Redis(port=redis_server.port, username="narrow", password="x")
    copies = DocumentCopies(RedisStore(lambda: client))
    narrow = CopiedDocuments(copies, SecretFields(Envelope({1: KEY})))
    try:
        assert ["apps/wx1"] == narrow.names()
    finally:
        admin.execute_command("ACL", "DELUSER", "narrow")


def test_all_nodes_of_a_cluster_are_searched(tmp_path):
    """A copy is on the node of its name."""
    with cluster_deployment(tmp_path) as (_, _, url):
        store = RedisStore(lambda: connect(url))
        copies = DocumentCopies(store)
        names = sorted(f"apps/wx{number}" for number in range(20))
        for name in names:
            copies.put(name, 1, b"{}")

        assert names == sorted(copies.names())
