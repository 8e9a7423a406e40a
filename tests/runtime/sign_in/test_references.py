"""References of refused users: short, the same for the same user, known for a week."""

from __future__ import annotations

import re

import pytest

from runtime.crypto.signing import Signer
from runtime.sign_in.references import (
    LETTERS,
    REFERENCE_SECONDS,
    References,
    RefusedUser,
)
from runtime.state.redis_store import RedisStore

LI = RefusedUser("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", client_id="wiki", name="李雷")


@pytest.fixture
def references(redis_server):
    """Make the references of a process that has these keys."""

    def make(**keys):
        secrets = {int(name[1:]): value.encode() * 32 for name, value in keys.items()}
        store = RedisStore(redis_server.client)
        return References(store, Signer(secrets, purpose="reference"))

    return make


def test_redis_knows_it_for_a_week(references, redis_server):
    """Its key does not name the user; a second refusal begins another week."""
    made = references(k1="a")
    reference = made.make(LI)
    letters = reference.replace("-", "")
    with redis_server.client() as redis:
        (key,) = redis.keys()
        assert key.decode() == f"gateway:reference:{{{letters}}}"
        assert REFERENCE_SECONDS - 60 < redis.ttl(key) <= REFERENCE_SECONDS
        redis.expire(key, 60)
        assert made.make(LI) == reference
        assert redis.ttl(key) > 60

    assert re.fullmatch(rf"(?:[{LETTERS}]{{4}}-){{2}}[{LETTERS}]{{4}}", reference)
    assert made.find(reference) == LI


def test_it_says_nothing_without_the_key(references):
    """Another gateway derives another one of the same user."""
    assert references(k1="a").make(LI) != references(k1="b").make(LI)


def test_it_outlives_the_key(references):
    """A user was told it before a rotation; after it there is another one."""
    reference = references(k1="a").make(LI)
    newer = references(k2="b")

    assert newer.find(reference) == LI
    assert newer.make(LI) != reference


@pytest.mark.parametrize("change", [str.lower, lambda it: it.replace("-", " "), str])
def test_it_is_found_as_it_is_typed(references, change):
    """In small letters, with blanks or without anything between."""
    made = references(k1="a")

    assert made.find(change(made.make(LI))) == LI
    assert made.find(made.make(LI).replace("-", "")) == LI


@pytest.mark.parametrize("text", ["", "K7QF", "*", "{}", "K7QF-2M9X-4TB*", "ü" * 12])
def test_what_is_none_is_not_asked_for(references, text):
    """Redis sees letters of ours alone."""
    assert references(k1="a").find(text) is None


def test_a_later_field_is_no_obstacle(references, redis_server):
    """A later version may store more."""
    made = references(k1="a")
    reference = made.make(LI)
    with redis_server.client() as redis:
        (key,) = redis.keys()
        text = redis.get(key).decode()
        redis.set(key, text[:-1] + ', "later": 1}', keepttl=True)

    assert made.find(reference) == LI
