"""Receiving: which pushes are accepted, and why others are refused."""

import json
from pathlib import Path

import pytest

from runtime.push.encryption import encrypt, key_of, signature
from runtime.push.receiving import (
    PushRefused,
    PushSecrets,
    answer_to_check,
    receive,
)

VECTORS = json.loads(Path(__file__).with_name("push_vectors.json").read_text("utf-8"))
NOW = 1_796_000_000
APPID = "wx0123456789abcdef"
TOKEN, OLD_TOKEN = "newToken", "oldToken"
KEY, OLD_KEY = key_of("A" * 43), key_of("B" * 42 + "A")
TEXT = b"<xml><ToUserName>gh_1</ToUserName><MsgType>text</MsgType></xml>"

SAFE = PushSecrets((TOKEN, OLD_TOKEN), (KEY, OLD_KEY), {APPID})
PLAIN = PushSecrets((TOKEN,), (), {APPID})


def safe(
    message=TEXT, *, key=KEY, token=TOKEN, at=NOW, receive_id=APPID, beside="", **more
):
    """Return query and body of an encrypted push."""
    sealed = encrypt(message, key=key, receive_id=receive_id)
    parts = str(at), "nonce"
    query = {
        "timestamp": parts[0],
        "nonce": parts[1],
        "encrypt_type": "aes",
        "signature": signature(token, *parts),
        "msg_signature": signature(token, *parts, sealed),
    }
    body = (
        f"<xml><ToUserName>gh_1</ToUserName>{beside}<Encrypt>{sealed}</Encrypt></xml>"
    )
    return {**query, **more}, body.encode()


def plain(message=TEXT, *, token=TOKEN, at=NOW, **more):
    """Return query and body of a push in plain text."""
    parts = str(at), "nonce"
    query = {"timestamp": parts[0], "nonce": parts[1]}
    return {**query, "signature": signature(token, *parts), **more}, message


def reason(push, secrets, *, now=NOW):
    with pytest.raises(PushRefused) as raised:
        receive(*push, secrets, now=now)
    return raised.value.reason


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(each, id=each["id"])
        for each in VECTORS["vectors"]
        if each["id"] in ("C1", "C2", "C3", "C4", "M1", "W2", "W7")
    ],
)
def test_a_vector_is_received(vector):
    """XML and JSON, of a component, a mini program and WeCom."""
    secrets = PushSecrets(
        (vector["token"],),
        (key_of(vector["encoding_aes_key"]),),
        {vector["receive_id"]},
    )
    query = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")}
    body = vector["request_body"].encode()
    received = receive(query, body, secrets, now=int(vector["timestamp"]) + 299)
    assert vector["plaintext"].encode() == received.message.body
    assert (vector["nonce"], int(vector["timestamp"])) == (
        received.nonce,
        received.timestamp,
    )


def test_the_vector_for_another_receiver():
    """C9 is signed and decrypted, and names another component."""
    (vector,) = (each for each in VECTORS["vectors"] if each["id"] == "C9")
    secrets = PushSecrets(
        (vector["token"],),
        (key_of(vector["encoding_aes_key"]),),
        {vector["expected_receive_id"]},
    )
    query = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")}
    push = query, vector["request_body"].encode()
    assert "receive_id" == reason(push, secrets, now=int(vector["timestamp"]))


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_the_previous_token_and_key_are_valid(token, key):
    received = receive(*safe(token=token, key=key), SAFE, now=NOW)
    assert (TEXT, key) == (received.message.body, received.key)


def test_a_push_in_plain_text():
    received = receive(*plain(), PLAIN, now=NOW)
    assert (TEXT, None) == (received.message.body, received.key)


def test_in_compat_mode_only_the_encrypted_message_counts():
    push = safe(beside="<MsgType>event</MsgType>")
    assert "text" == receive(*push, SAFE, now=NOW).message.msg_type


@pytest.mark.parametrize("late", [-301, 301, 10**9])
def test_a_push_of_another_time(late):
    assert "age" == reason(safe(at=NOW), SAFE, now=NOW + late)
    assert "age" == reason(plain(at=NOW), PLAIN, now=NOW + late)


@pytest.mark.parametrize("late", [-300, 300])
def test_a_push_just_in_time(late):
    assert receive(*safe(at=NOW), SAFE, now=NOW + late)
    assert receive(*plain(at=NOW), PLAIN, now=NOW + late)


@pytest.mark.parametrize("at", ["", "1e9", "-5", "１７９６０００００", "9" * 400])
def test_a_time_that_is_no_number(at):
    assert "age" == reason(plain(at=at), PLAIN)


def test_a_signature_of_another_token():
    assert "signature" == reason(safe(token="another"), SAFE)
    assert "signature" == reason(plain(token="another"), PLAIN)


def test_the_signature_without_the_message_is_not_enough():
    """In safe mode a known `signature` lets nobody send a message of his own."""
    query, _ = safe()
    _, other = safe(b"<xml><MsgType>event</MsgType></xml>")
    assert "signature" == reason((query, other), SAFE)
    assert "signature" == reason(({**query, "msg_signature": ""}, other), SAFE)


def test_an_app_with_a_key_takes_no_plain_text():
    assert "not_encrypted" == reason(plain(), SAFE)


def test_an_app_without_a_key_takes_nothing_encrypted():
    assert "no_key" == reason(safe(), PLAIN)


def test_a_push_under_an_unknown_key():
    assert "key" == reason(safe(key=key_of("C" * 42 + "A")), SAFE)


@pytest.mark.parametrize("receive_id", ["", "wxfedcba9876543210"])
def test_a_push_for_another_receiver(receive_id):
    assert "receive_id" == reason(safe(receive_id=receive_id), SAFE)


@pytest.mark.parametrize("body", [b"", b"no xml", b"<xml>", b'{"a":'])
def test_a_body_that_cannot_be_read(body):
    assert "unreadable" == reason((plain()[0], body), PLAIN)
    assert "unreadable" == reason(safe(body), SAFE)


def test_the_check_of_the_url():
    (vector,) = (each for each in VECTORS["official"] if each["id"] == "OF3")
    secrets = PushSecrets((vector["token"],), (), set())
    query = {
        name: vector[name] for name in ("timestamp", "nonce", "signature", "echostr")
    }
    now = int(vector["timestamp"])
    assert vector["echostr"] == answer_to_check(query, secrets, now=now)
    with pytest.raises(PushRefused, match="age"):
        answer_to_check(query, secrets, now=now + 301)
    with pytest.raises(PushRefused, match="signature"):
        answer_to_check({**query, "nonce": "1"}, secrets, now=now)
