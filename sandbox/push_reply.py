"""Reply of a callback to a push, read as the platform reads it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from sandbox.message_crypt import CryptError, decrypt, sign
from sandbox.push_xml import Message, XmlError, read_xml
from sandbox.world import App

SILENT = (b"", b"success")
TYPES = (
    "text",
    "image",
    "voice",
    "video",
    "music",
    "news",
    "transfer_customer_service",
)


class BadReply(ValueError):
    """The answer would make the platform tell the user that the account is broken."""


def read_reply(
    app: App,
    mode: str,
    message: Mapping[str, Any],
    body: bytes,
    *,
    form: str = "xml",
) -> Any:
    """Return the passive reply, None for a silent answer; BadReply for a wrong one.

    A reply to a push in JSON is JSON as well.
    """
    if body in SILENT:
        return None
    try:
        reply = _read(body, form)
        if "Encrypt" in reply:
            reply = _open(app, mode, reply, form)
        elif mode == "safe":
            raise BadReply("the reply is not encrypted")
    except (XmlError, CryptError) as error:
        raise BadReply(str(error)) from None
    _check(message, reply)
    return reply


def _read(document: bytes, form: str) -> Message:
    if form == "xml":
        return read_xml(document)
    try:
        fields = json.loads(document)
    except (ValueError, RecursionError):
        raise BadReply("not JSON") from None
    if not isinstance(fields, dict):
        raise BadReply("not a message in JSON")
    return fields


def _open(app: App, mode: str, envelope: Message, form: str) -> Message:
    if mode == "plain":
        raise BadReply("the reply is encrypted, the push was not")
    names = ("Encrypt", "TimeStamp", "Nonce")
    parts = [str(envelope.get(name, "")) for name in names]
    signature = str(envelope.get("MsgSignature", ""))
    if not hmac.compare_digest(sign(app.token, *parts).encode(), signature.encode()):
        raise BadReply("the reply's MsgSignature is wrong")
    opened = decrypt(parts[0], encoding_aes_key=app.encoding_aes_key)
    if opened.appid != app.appid:
        raise BadReply("the reply was encrypted for another app")
    return _read(opened.message, form)


def _check(message: Mapping[str, Any], reply: Message) -> None:
    if reply.get("MsgType") not in TYPES:
        raise BadReply("the reply's MsgType is wrong")
    for ours, theirs in (
        ("ToUserName", "FromUserName"),
        ("FromUserName", "ToUserName"),
    ):
        if reply.get(ours) != message.get(theirs):
            raise BadReply(f"the reply's {ours} is not the message's {theirs}")
