"""User data of mini programs: WeChat's own examples, and data that is refused."""

from __future__ import annotations

import base64
import json

import pytest

from runtime.wechat.user_data import CannotDecrypt, decrypt, is_signed
from tests.support.user_data import encrypt, filled, marked
from tests.support.wechat_vectors import (
    APPID,
    ENCRYPTED,
    IV,
    RAW_DATA,
    SESSION_KEY,
    SIGNATURE,
    SIGNING_KEY,
    USER,
)


def opened(data, *, iv=IV, session_key=SESSION_KEY, appid=APPID):
    return decrypt(data, iv=iv, session_key=session_key, appid=appid)


def test_the_official_vector_opens():
    """WeChat's own example."""
    assert USER == opened(ENCRYPTED)


def test_the_official_signature_fits():
    """No signature that differs in one character, in length or in alphabet fits."""
    assert is_signed(RAW_DATA, SIGNATURE, session_key=SIGNING_KEY)
    for changed in (SIGNATURE[:-1] + "d", SIGNATURE[:-1], "", "签", "\ud800"):
        assert not is_signed(RAW_DATA, changed, session_key=SIGNING_KEY)
    assert not is_signed(RAW_DATA + " ", SIGNATURE, session_key=SIGNING_KEY)
    assert not is_signed(RAW_DATA + "\ud800", SIGNATURE, session_key=SIGNING_KEY)
    assert not is_signed(RAW_DATA, SIGNATURE, session_key=SESSION_KEY)


@pytest.mark.case(59)
@pytest.mark.parametrize("name", ["José", "张三😀", "</script>", "a\u0000b", "‮"])
def test_names_survive(name):
    """All names that JSON can hold, raw or escaped."""
    raw = json.dumps(name, ensure_ascii=False).encode().replace(b"\\u0000", b"\0")
    whole = marked(nickName="@").replace(b'"@"', raw)

    assert name == opened(encrypt(whole))["nickName"]
    assert name == opened(encrypt(marked(nickName=name)))["nickName"]


@pytest.mark.case(59)
def test_broken_utf_8_costs_a_character_only():
    """WeChat cuts names inside a character."""
    whole = marked(nickName="@").replace(b"@", "晓".encode()[:2])

    assert "\ufffd" == opened(encrypt(whole))["nickName"]


WRONG = {
    "another key": {"session_key": SIGNING_KEY},
    "another iv": {"iv": "AAAAAAAAAAAAAAAAAAAAAA=="},
    "another app": {"appid": "wx" + "0" * 16},
    "a short iv": {"iv": "AAAA"},
    "an iv that is no base64": {"iv": "签"},
    "a short key": {"session_key": "AAAA"},
    "no data": {"data": ""},
    "no base64": {"data": ENCRYPTED[:-1] + "!"},
    "lone surrogates": {"data": "\ud800"},
    "not whole blocks": {"data": base64.b64encode(b"x" * 17).decode()},
    "no padding": {"data": encrypt(filled(0), padded=b"")},
    "padding of zero": {"data": encrypt(filled(15), padded=b"\0")},
    "padding of 17": {"data": encrypt(filled(15), padded=b"\x11" * 17)},
    "padding of two kinds": {"data": encrypt(filled(14), padded=b"\x03\x02")},
    "only padding": {"data": encrypt(b"")},
    "no JSON": {"data": encrypt(b"{")},
    "deep JSON": {"data": encrypt(b"[" * 100_000)},
    "a list": {"data": encrypt(b"[1]")},
    "a word": {"data": encrypt(b'"watermark"')},
    "no watermark": {"data": encrypt(b"{}")},
    "a watermark of text": {"data": encrypt(b'{"watermark":"appid"}')},
    "a watermark without an app": {"data": encrypt(b'{"watermark":{}}')},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_every_fault_is_the_same_error(wrong):
    """The error does not say what is wrong: bad padding and bad JSON look alike."""
    arguments = {"data": ENCRYPTED, **wrong}
    with pytest.raises(CannotDecrypt) as caught:
        opened(arguments.pop("data"), **arguments)

    assert ((), None) == (caught.value.args, caught.value.__cause__)


@pytest.mark.parametrize("size", range(1, 17))
def test_each_length_of_padding_opens(size):
    """One to sixteen bytes."""
    whole = filled(16 - size)

    assert json.loads(whole) == opened(encrypt(whole))
