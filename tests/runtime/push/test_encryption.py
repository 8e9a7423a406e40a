"""Encryption of pushes, by vectors of the vendors and of two other implementations."""

import base64
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.push.encryption import (
    CannotDecrypt,
    decrypt,
    encrypt,
    is_signed,
    key_of,
    signature,
)
from runtime.push.push_message import UnreadableMessage, read_message

VECTORS = json.loads(Path(__file__).with_name("push_vectors.json").read_text("utf-8"))
SEALED = [
    each for each in VECTORS["vectors"] + VECTORS["official"] if "encrypt" in each
]
KEY = key_of("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")


def by_id(vectors):
    return pytest.mark.parametrize(
        "vector", [pytest.param(each, id=each["id"]) for each in vectors]
    )


@by_id(SEALED)
def test_a_vector_is_signed_decrypted_and_encrypted_again(vector):
    key = key_of(vector["encoding_aes_key"])
    parts = vector["timestamp"], vector["nonce"], vector["encrypt"]

    assert is_signed(vector["msg_signature"], ["another", vector["token"]], *parts)
    assert not is_signed(vector["msg_signature"], ["another"], *parts)
    message, receive_id = decrypt(vector["encrypt"], key=key)
    assert vector["plaintext"] == message.decode()
    assert vector["receive_id"] == receive_id
    assert vector["encrypt"] == encrypt(
        message,
        key=key,
        receive_id=receive_id,
        random=lambda size: vector["random16"].encode()[:size],
    )


@by_id([each for each in SEALED if "signature" in each])
def test_the_signature_of_a_url(vector):
    parts = vector["timestamp"], vector["nonce"]
    assert vector["signature"] == signature(vector["token"], *parts)


def test_the_signature_of_a_get_check():
    (vector,) = (each for each in VECTORS["official"] if each["id"] == "OF3")
    parts = vector["timestamp"], vector["nonce"]
    assert is_signed(vector["signature"], [vector["token"]], *parts)


@by_id(VECTORS["negative"] + [each for each in SEALED if each.get("expect")])
def test_a_negative_vector_is_refused(vector):
    """By its signature, its encryption, its receiver or its content."""
    parts = vector["timestamp"], vector["nonce"], vector["encrypt"]
    expected = vector.get("expected_receive_id", vector["receive_id"])
    refused = not is_signed(vector["msg_signature"], [vector["token"]], *parts)
    try:
        key = key_of(vector["encoding_aes_key"])
        message, receive_id = decrypt(vector["encrypt"], key=key)
        read_message(message)
    except (CannotDecrypt, UnreadableMessage):
        refused = True
    else:
        refused = refused or receive_id != expected
    assert refused


@by_id(VECTORS["rotation"])
def test_a_message_under_the_previous_key(vector):
    previous, current = key_of(vector["previous_key"]), key_of(vector["current_key"])
    assert vector["plaintext"] == decrypt(vector["encrypt"], key=previous)[0].decode()
    with pytest.raises(CannotDecrypt):
        decrypt(vector["encrypt"], key=current)


@by_id(SEALED)
def test_a_flipped_bit_is_not_signed(vector):
    """Whatever it is decrypted to: no bit of the encrypted text is free."""
    key = key_of(vector["encoding_aes_key"])
    data = base64.b64decode(vector["encrypt"])
    parts = vector["timestamp"], vector["nonce"]
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        text = base64.b64encode(flipped).decode()
        assert not is_signed(vector["msg_signature"], [vector["token"]], *parts, text)
        with suppress(CannotDecrypt):
            decrypt(text, key=key)


@given(st.binary(max_size=200), st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_message_comes_back(message, receive_id):
    sealed = encrypt(message, key=KEY, receive_id=receive_id)
    assert (message, receive_id) == decrypt(sealed, key=KEY)


@given(st.text(max_size=200))
def test_any_text_is_decrypted_or_refused(text):
    with suppress(CannotDecrypt):
        decrypt(text, key=KEY)


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "é" * 43])
def test_no_encoding_aes_key(key):
    with pytest.raises(ValueError, match="43 letters and digits"):
        key_of(key)


def test_a_key_with_unused_bits():
    """The last character holds two bits more than 32 bytes: both are valid."""
    assert key_of("A" * 42 + "A") == key_of("A" * 42 + "B")
    assert 32 == len(KEY)


def test_a_signature_that_is_no_text_of_ours():
    assert not is_signed("ü\ud800", ["token"], "1", "2\ud800")
