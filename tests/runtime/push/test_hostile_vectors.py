"""Vectors of pushes, each changed at every byte, cut, doubled, or wrong as they are."""

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runtime.push.encryption import encrypt, key_of, signature
from runtime.push.push_message import read_message
from runtime.push.receiving import PushRefused, PushSecrets, receive

VECTORS = json.loads(Path(__file__).with_name("push_vectors.json").read_text("utf-8"))
SIGNED = ("timestamp", "nonce", "msg_signature")
SECONDS = 60
"""Far more than the receiving of all changes of a vector takes."""

pytestmark = pytest.mark.case(179)

positive = pytest.mark.parametrize(
    "vector",
    [
        pytest.param(each, id=each["id"])
        for each in VECTORS["vectors"] + VECTORS["official"]
        if "encrypt" in each and not each.get("expect")
    ],
)


def secrets_of(vector):
    return PushSecrets(
        (vector["token"],),
        (key_of(vector["encoding_aes_key"]),),
        {vector["receive_id"]},
    )


def query_of(vector):
    return {name: vector[name] for name in SIGNED}


def body_of(vector, encrypted=None):
    body = vector.get("request_body")
    body = body or f"<xml><Encrypt>{vector['encrypt']}</Encrypt></xml>"
    return body.replace(vector["encrypt"], encrypted or vector["encrypt"]).encode()


def taken(vector, query, body, **more):
    """Return the message that is taken, None if it is refused, and how often."""
    now = int(vector["timestamp"])
    with suppress(PushRefused):
        return receive(query, body, secrets_of(vector), now=now, **more).message
    return None


def is_readable(vector):
    """Tell whether what is encrypted is a push; of an echostr and edges it is none."""
    with suppress(Exception):
        read_message(vector["plaintext"].encode())
        return True
    return False


@positive
def test_a_flipped_bit_in_the_body(vector):
    """Each bit of each byte: it is refused, or the message within is the same.

    The tags and the receiver beside the encrypted message are not signed.
    """
    original, query = body_of(vector), query_of(vector)
    whole = taken(vector, query, original)
    assert (whole is not None) == is_readable(vector)
    inner = original.index(vector["encrypt"].encode())
    encrypted = range(inner, inner + len(vector["encrypt"]))
    began = time.monotonic()
    for place in range(len(original)):
        for bit in range(8):
            changed = bytearray(original)
            changed[place] ^= 1 << bit
            found = taken(vector, query, bytes(changed))
            assert found is None or found == whole
            assert found is None or place not in encrypted
    assert time.monotonic() - began < SECONDS


@positive
def test_a_flipped_bit_in_the_query(vector):
    """No bit of timestamp, nonce and signature is free."""
    body, query = body_of(vector), query_of(vector)
    for name in SIGNED:
        for place in range(len(query[name])):
            for bit in range(7):
                letters = list(query[name])
                letters[place] = chr(ord(letters[place]) ^ 1 << bit)
                changed = {**query, name: "".join(letters)}
                assert taken(vector, changed, body, age=float("inf")) is None


@positive
def test_a_cut_or_doubled_body(vector):
    """At every length; and twice, with the encrypted message twice in it, too."""
    original, query = body_of(vector), query_of(vector)
    assert (taken(vector, query, original) is not None) == is_readable(vector)
    for length in range(len(original)):
        assert taken(vector, query, original[:length]) is None
    assert taken(vector, query, original * 2) is None
    twice = vector["encrypt"] * 2
    assert taken(vector, query, body_of(vector, twice)) is None


@positive
def test_the_bits_of_one_vector_under_the_signature_of_another(vector):
    """A signature is good for one message."""
    for other in VECTORS["vectors"]:
        if other["encrypt"] != vector["encrypt"]:
            other_body = body_of(vector, other["encrypt"])
            assert taken(vector, query_of(vector), other_body) is None


@pytest.mark.parametrize("stolen", ["token", "nothing"])
@positive
def test_a_flipped_byte_that_is_signed_again(vector, stolen):
    """Whoever knows the token and not the key sends no error into the process."""
    token = vector["token"] if stolen == "token" else "another"
    encrypted = vector["encrypt"]
    for place in range(len(encrypted)):
        letter = "A" if encrypted[place] != "A" else "B"
        changed = encrypted[:place] + letter + encrypted[place + 1 :]
        query = query_of(vector)
        query["msg_signature"] = signature(
            token, query["timestamp"], query["nonce"], changed
        )
        found = taken(vector, query, body_of(vector, changed))
        assert found is None or stolen == "token"


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(each, id=each["id"])
        for each in VECTORS["negative"]
        + [each for each in VECTORS["vectors"] if each.get("expect")]
    ],
)
def test_a_negative_vector_is_refused_for_its_own_reason(vector):
    """With everything else right: its signature, unless that is the fault."""
    expected = vector.get("expected_receive_id", vector["receive_id"])
    secrets = PushSecrets(
        (vector["token"],), (key_of(vector["encoding_aes_key"]),), {expected}
    )
    now = int(vector["timestamp"])
    with pytest.raises(PushRefused) as refused:
        receive(query_of(vector), body_of(vector), secrets, now=now)
    assert REASONS[vector["id"]] == refused.value.reason


REASONS = {
    **dict.fromkeys(("N1", "N2"), "signature"),
    **dict.fromkeys(("N3", "N4", "N5", "N6", "N7", "N8", "N9", "N10"), "key"),
    **dict.fromkeys(("N11", "N12", "N14"), "unreadable"),
    **dict.fromkeys(("N13", "C9"), "receive_id"),
}


@pytest.mark.parametrize("key", ["current", "previous"])
def test_the_rotated_key_is_taken_until_it_is_cleared(key):
    (vector,) = VECTORS["rotation"]
    keys = [key_of(vector["current_key"])]
    if key == "previous":
        keys.append(key_of(vector["previous_key"]))
    secrets = PushSecrets((vector["token"],), keys, {vector["receive_id"]})
    made = {**vector, "encoding_aes_key": vector["current_key"]}
    push = query_of(made), body_of(made)
    now = int(vector["timestamp"])
    if key == "previous":
        found = receive(*push, secrets, now=now)
        assert vector["plaintext"].encode() == found.message.body
    else:
        with pytest.raises(PushRefused, match="key"):
            receive(*push, secrets, now=now)


def test_each_negative_vector_has_its_reason():
    """None is refused for a fault that it should not have."""
    named = [*VECTORS["negative"], *VECTORS["vectors"]]
    assert {each["id"] for each in named if each.get("expect")} == set(REASONS)


ENTITIES = "".join(
    f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 10)
)
BOMBS = {
    "entities": f'<!DOCTYPE x [<!ENTITY a0 "lol">{ENTITIES}]>'
    "<xml><Content>&a9;</Content></xml>",
    "one long entity": f'<!DOCTYPE x [<!ENTITY a "{"a" * 30_000}">]>'
    f"<xml><Content>{'&a;' * 5000}</Content></xml>",
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
    "a URL": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><xml><a>1</a></xml>',
    "parameters": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/">%a;]><xml/>',
    "an instruction": '<?xml-stylesheet href="http://127.0.0.1:1/"?>' * 3 + "<xml><a>",
    "depth": "<a>" * 12_000,
    "elements": "<xml>" + "<a/>" * 12_000 + "</xml>",
    "attributes": "<xml " + " ".join(f'a{n}="1"' for n in range(5000)) + "><a>",
    "names in JSON": '{"a":' * 8000,
    "lists in JSON": '{"a":' + "[" * 40_000,
    "a number in JSON": '{"a":' + "9" * 40_000 + "}",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("place", ["outside", "encrypted"])
def test_a_bomb(bomb, place):
    """It costs no more than reading it, also where WeChat itself has sealed it."""
    key, token, parts = key_of("A" * 43), "token", ("1796000000", "n")
    secrets = PushSecrets((token,), (key,), {"wx1"})
    sealed = encrypt(bomb.encode(), key=key, receive_id="wx1")
    query = {
        "timestamp": parts[0],
        "nonce": parts[1],
        "signature": signature(token, *parts),
        "msg_signature": signature(token, *parts, sealed),
    }
    if place == "outside":
        secrets = PushSecrets((token,), (), {"wx1"})
        body = bomb.encode()
    else:
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    began = time.process_time()
    with pytest.raises(PushRefused, match="unreadable"):
        receive(query, body, secrets, now=int(parts[0]))
    assert time.process_time() - began < 5
