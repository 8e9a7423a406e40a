"""Verify tickets: the newest in Redis, one of the last ten minutes in the documents."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest

from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway

COMPONENT, OTHER = "wx" + "c" * 16, "wx" + "d" * 16
TICKET = "ticket@@@geheim"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    made = Clock()
    made.now = float(int(time.time()))
    return made


@pytest.fixture
def gateway(settings, clock):
    return Gateway(settings, clock=clock)


@pytest.fixture
def put(gateway, clock):
    """Let a ticket come that WeChat made so many seconds from now."""

    def run(value=TICKET, after=0, by=gateway, component=COMPONENT):
        by.verify_tickets.put(component, value, created=int(clock.now) + after)

    return run


def newest(gateway, component=COMPONENT):
    found = gateway.verify_tickets.newest(component)
    return found and found.value


def versions(gateway):
    documents = gateway.documents
    return {id_: documents.version("tickets", id_) for id_ in documents.ids("tickets")}


def test_the_newest_of_each_component_counts(gateway, put):
    """An older one that comes late replaces none."""
    put("first", after=0)
    put("third", after=1200)
    put("second", after=600)
    put("of another", after=0, component=OTHER)

    assert ("third", "of another") == (newest(gateway), newest(gateway, OTHER))
    assert newest(gateway, "wx" + "e" * 16) is None
    assert 0 <= gateway.verify_tickets.newest(COMPONENT).age < 30


def test_it_outlives_an_emptied_redis(settings, gateway, put, redis_server, clock):
    """Another process finds it in the documents, with its age."""
    put()
    redis_server.empty()
    clock.now += 700
    another = Gateway(settings, clock=clock)

    assert newest(another) == TICKET
    assert another.verify_tickets.newest(COMPONENT).age == 700


def test_it_is_found_the_day_after_too(settings, gateway, put, redis_server, clock):
    """A day of UTC ends between; after twelve hours WeChat refuses it."""
    clock.now = (clock.now // 86400) * 86400 - 60
    put()
    redis_server.empty()
    clock.now += 3600
    assert newest(Gateway(settings, clock=clock)) == TICKET
    clock.now += 11 * 3600
    assert newest(Gateway(settings, clock=clock)) is None


def test_it_is_written_once_in_ten_minutes(gateway, put, clock):
    """However many come, and though Redis has forgotten that it was."""
    clock.now = (clock.now // 86400) * 86400  # so that no day ends meanwhile
    for after in (0, 300, 599):
        put(str(after), after=after)
    assert [1] == list(versions(gateway).values())
    put("600", after=600)
    assert [2] == list(versions(gateway).values())
    assert newest(gateway) == "600"


def test_nothing_shows_it(gateway, put, redis_server, settings, tmp_path, caplog):
    """Neither Redis, nor the documents, nor the log."""
    caplog.set_level(logging.DEBUG)
    put()
    with redis_server.client() as redis:
        keys = list(redis.scan_iter("*"))
        assert f"gateway:verify_ticket:{{{COMPONENT}}}".encode() in keys
        for key in keys:
            assert b"geheim" not in redis.dump(key)
            assert 0 < redis.ttl(key)
    files = [each for each in tmp_path.rglob("*.json") if each.is_file()]
    assert files
    assert not any(b"geheim" in each.read_bytes() for each in files)
    assert "geheim" not in caplog.text
    assert "geheim" not in repr(gateway.verify_tickets.newest(COMPONENT))


def test_without_the_documents_it_is_in_redis(gateway, put, monkeypatch, caplog):
    """The next one, in ten minutes, is written again."""

    def away(*_):
        raise StoreAway("ListObjects: test")

    monkeypatch.setattr(FolderStore, "versions", away)
    put()

    assert newest(gateway) == TICKET
    assert "ticket in Redis, not in the documents" in caplog.text


def test_without_redis_it_is_not_taken(settings, clock, put, gateway, own_redis):
    """WeChat pushes it again; the one in the documents is used meanwhile."""
    put()
    alone = Gateway(replace(settings, redis_url=own_redis.url), clock=clock)
    own_redis.stop()

    with pytest.raises(ServiceUnavailable):
        put("later", after=700, by=alone)
    assert newest(alone) == TICKET


def test_without_redis_and_documents(settings, clock, own_redis, monkeypatch):
    """That there is none is not known, so nobody says so."""

    def away(*_):
        raise StoreAway("ListObjects: test")

    alone = Gateway(replace(settings, redis_url=own_redis.url), clock=clock)
    own_redis.stop()
    monkeypatch.setattr(FolderStore, "versions", away)
    with pytest.raises(ServiceUnavailable):
        newest(alone)


def test_a_master_key_that_is_gone(settings, gateway, put, clock):
    """The ticket is as if it had not come: the next one is sealed with the new key."""
    put()
    other = Gateway(replace(settings, master_keys={2: b"n" * 32}), clock=clock)

    assert newest(other) is None
    put("next", after=600, by=other)
    assert newest(other) == "next"


def test_it_is_no_document_for_operators(gateway, put):
    """An export, a check and a rotation leave out what ends the same day."""
    from runtime.operations.verbs import operation, perform

    put()
    for noun, verb in (("store", "export"), ("store", "check"), ("key", "rotate")):
        answer = perform(operation(noun, verb).run, gateway, {})
        assert "tickets" not in str(answer)
    assert isinstance(gateway.documents, Documents)


def test_a_ticket_of_a_lost_master_key_is_replaced(gateway, put, settings, clock):
    """In Redis and in the documents, by the next one that comes."""
    put()
    keys = replace(settings, master_keys={2: b"n" * 32})
    lost = Gateway(keys, clock=clock)
    assert newest(lost) is None
    put("next", after=600, by=lost)

    assert "next" == newest(lost)
    lost.redis_store.run("return redis.call('FLUSHALL')", [], [])
    assert "next" == newest(Gateway(keys, clock=clock))
