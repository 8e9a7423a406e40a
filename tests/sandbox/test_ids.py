"""Identifiers have WeChat's shapes and come from one seed."""

import base64
import re

import pytest

from sandbox.clock import Clock
from sandbox.errmsgs import ERRMSGS
from sandbox.ids import Ids

SHAPES = {
    "appid": "wx[0-9a-f]{16}",
    "secret": "[0-9a-f]{32}",
    "original_id": "gh_[0-9a-f]{12}",
    "openid": "o[A-Za-z0-9_-]{27}",
    "unionid": "o[A-Za-z0-9_-]{27}",
    "access_token": "[0-9]+_[A-Za-z0-9_-]{107,512}",
    "code": "[0-9A-Za-z]{32}",
    "ticket": "[A-Za-z0-9_-]{86}",
    "session_key": "[A-Za-z0-9+/]{22}==",
    "media_id": "[A-Za-z0-9_-]{64}",
    "material_id": "[A-Za-z0-9_-]{43,}",
    "uuid": "[0-9A-Za-z]{16}",
    "encoding_aes_key": "[A-Za-z0-9]{43}",
    "msgid": "[0-9]{17,20}",
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    """Two hundred of each fit the shape, and no two are the same."""
    ids = Ids(1)
    made = [str(getattr(ids, name)()) for _ in range(200)]

    assert [text for text in made if not re.fullmatch(SHAPES[name], text)] == []
    assert len(set(made)) == 200


def test_an_aes_key_is_32_bytes():
    """With its `=` the key is base64 of an AES-256 key."""
    assert len(base64.b64decode(Ids(1).encoding_aes_key() + "=")) == 32


def test_a_rid_begins_with_the_time():
    """The first group is the Unix time in hex."""
    rid = Ids(1).rid(1789657178.7)

    assert re.fullmatch("6aac005a-[0-9a-f]{8}-[0-9a-f]{8}", rid)


def test_a_seed_repeats_itself():
    """One seed gives the same ids in the same order, another gives others."""
    first, again, other = Ids(1), Ids(1), Ids(2)
    made = [first.appid(), first.access_token()]

    assert [again.appid(), again.access_token()] == made
    assert other.appid() != made[0]


def test_the_clock_moves_forward_only():
    """It runs with its source, keeps what it was advanced by, and never goes back."""
    clock = Clock(iter((10, 20, 30)).__next__)
    clock.advance(5.5)
    seen = [clock.now(), clock.now()]

    assert seen == [15.5, 25.5]
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(float("nan"))
    clock.reset()

    assert clock.now() == 30


def test_errmsgs_are_bare():
    """No text has a rid of its own: the wire adds one."""
    assert [code for code, text in ERRMSGS.items() if "rid:" in text or not text] == []
    assert ERRMSGS[40006] == "invalid meida size"
