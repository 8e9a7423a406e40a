"""Receiving: whether a push is from the platform, and what it says.

    POST /wechat_event/wx...?signature=&timestamp=&nonce=&encrypt_type=&msg_signature=
    <xml><ToUserName>gh_...</ToUserName><Encrypt>...</Encrypt></xml>

    POST /wechat_event/ww...-1000002?msg_signature=&timestamp=&nonce=
    <xml><ToUserName>ww...</ToUserName><AgentID>...</AgentID><Encrypt>...</Encrypt></xml>
    {"encrypt": "..."}

An app with an EncodingAESKey takes encrypted pushes only: in safe mode, and in compat
mode, where the message stands beside its encrypted form, only `msg_signature` covers
the message. `signature` covers none: for an app without a key anybody who sees one push
can send another one within the allowed age. WeCom encrypts everything, also the text by
which it checks a URL.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from runtime.push.encryption import CannotDecrypt, decrypt, is_signed
from runtime.push.push_message import Message, UnreadableMessage, read_message

LARGEST_BODY = 64 * 1024
"""Bytes; WeChat's longest message is far below."""

AGE_SECONDS = 300.0
"""Greatest difference between a push's time and ours."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")

Reason = Literal[
    "signature",
    "age",
    "key",
    "receive_id",
    "not_encrypted",
    "no_key",
    "unreadable",
    "replayed",
    "account",
]


class PushRefused(Exception):
    """A push that is not accepted; `reason` is for operators, never for the caller.

    `signature`: no token of the app made it; `age`: it is from another time; `key`: no
    EncodingAESKey of the app decrypts it; `receive_id`: it was made for another
    receiver; `not_encrypted`: the app has a key, and the push is plain text;
    `no_key`: the push is encrypted, and the app has no key; `unreadable`: neither XML
    nor JSON; `replayed`: the signature of a plain push came with another message;
    `account`: at a component, it is of another account than the path names, or of one
    that has not authorised it. `receiver` is that other receiver, if it is an id.
    """

    def __init__(self, reason: Reason, *, receiver: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.receiver = receiver


@dataclass(frozen=True, slots=True)
class PushSecrets:
    """Secrets by which an account's pushes are checked, the newest first.

    `receive_ids` are the ids that may stand at the end of a decrypted message.
    """

    tokens: Sequence[str] = field(repr=False)
    keys: Sequence[bytes] = field(repr=False)
    receive_ids: Collection[str]


@dataclass(frozen=True, slots=True)
class Received:
    """A push that is from the platform.

    `key` is the one that decrypted it, and `token` the one that signed it, both for the
    answer; no key if it came as plain text. `receive_id` is the one for which it was
    encrypted. `of_wecom` tells the platform, and `in_small_letters` that the names of
    the envelope are, as those of the answer then have to be.
    """

    message: Message
    nonce: str
    timestamp: int
    signature: str = field(repr=False)
    key: bytes | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    receive_id: str = ""
    of_wecom: bool = False
    in_small_letters: bool = False


def receive(
    query: Mapping[str, str],
    body: bytes,
    secrets: PushSecrets,
    *,
    now: float,
    age: float = AGE_SECONDS,
) -> Received:
    """Return what the platform has pushed; PushRefused if it has not."""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    outer = _read(body)
    encrypted = outer.encrypted
    if secrets.keys and encrypted is None:
        raise PushRefused("not_encrypted")
    if not secrets.keys and query.get("encrypt_type", "raw") != "raw":
        raise PushRefused("no_key")
    signature = query.get("msg_signature" if secrets.keys else "signature", "")
    signed = (encrypted or "",) if secrets.keys else ()
    signers = [
        token
        for token in secrets.tokens
        if is_signed(signature, (token,), timestamp, nonce, *signed)
    ]
    if not signers:
        raise PushRefused("signature")
    at = _time(timestamp, now=now, age=age)
    if not secrets.keys:
        return Received(outer, nonce, at, signature, None, signers[0])
    opened = _decrypted(encrypted or "", secrets)
    return Received(
        _read(opened.content),
        nonce,
        at,
        signature,
        opened.key,
        signers[0],
        receive_id=opened.receive_id,
        in_small_letters="encrypt" in outer.fields,
    )


def answer_to_check(
    query: Mapping[str, str],
    secrets: PushSecrets,
    *,
    now: float,
    age: float = AGE_SECONDS,
) -> str:
    """Return the text that proves to WeChat that this URL is ours; else PushRefused.

    WeChat sends it in plain text in every mode.
    """
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    signature = query.get("signature", "")
    if not is_signed(signature, secrets.tokens, timestamp, nonce):
        raise PushRefused("signature")
    _time(timestamp, now=now, age=age)
    return query.get("echostr", "")


def answer_to_encrypted_check(
    query: Mapping[str, str],
    secrets: PushSecrets,
    *,
    now: float,
    age: float = AGE_SECONDS,
) -> bytes:
    """Return what proves to WeCom that this URL is ours; else PushRefused."""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    # Base64 has no blank: it is a + that somebody has not encoded.
    echostr = query.get("echostr", "").replace(" ", "+")
    signature = query.get("msg_signature", "")
    if not is_signed(signature, secrets.tokens, timestamp, nonce, echostr):
        raise PushRefused("signature")
    _time(timestamp, now=now, age=age)
    content = _decrypted(echostr, secrets).content
    # A push is signed over the same parts: without this, it would be read to anybody
    # who has seen one.
    if not _ECHO.fullmatch(content):
        raise PushRefused("unreadable")
    return content


_ECHO = re.compile(rb"[0-9]{1,64}")
"""WeCom's echostr is a number of 18 or 19 digits."""


def _read(body: bytes) -> Message:
    try:
        return read_message(body)
    except UnreadableMessage:
        raise PushRefused("unreadable") from None


def _time(timestamp: str, *, now: float, age: float) -> int:
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > age:
        raise PushRefused("age")
    return int(timestamp)


class _Opened(NamedTuple):
    content: bytes
    key: bytes
    receive_id: str


def _decrypted(encrypted: str, secrets: PushSecrets) -> _Opened:
    """Return the message; of two keys that decrypt it, with the one that fits."""
    refused = PushRefused("key")
    for key in secrets.keys:
        try:
            content, receive_id = decrypt(encrypted, key=key)
        except CannotDecrypt:
            continue
        if receive_id in secrets.receive_ids:
            return _Opened(content, key, receive_id)
        shown = receive_id if _ID.fullmatch(receive_id) else ""
        refused = PushRefused("receive_id", receiver=shown)
    raise refused
