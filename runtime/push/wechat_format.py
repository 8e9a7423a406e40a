"""Route format `wechat`: a push as WeChat sends it, and the passive reply to it.

    POST URL?signature=&timestamp=&nonce=&openid=&encrypt_type=aes&msg_signature=
    <xml><ToUserName>gh_...</ToUserName><Encrypt>...</Encrypt></xml>

The route has a token and a key of its own; a service that had those of the account
before works on as it is. The message itself is never changed. Of an app of WeCom it is
a push as WeCom sends it:

    POST URL?msg_signature=&timestamp=&nonce=
    <xml><ToUserName>ww...</ToUserName><AgentID>...</AgentID><Encrypt>...</Encrypt></xml>
    {"encrypt": "..."}
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from runtime.push.encryption import (
    CannotDecrypt,
    decrypt,
    encrypt,
    is_signed,
    key_of,
    signature,
)
from runtime.push.message_fields import cdata, write_json
from runtime.push.passive_replies import (
    LARGEST_REPLY,
    LONGEST_TEXT,
    BadReply,
    Reply,
    Sender,
    check_reply,
)
from runtime.push.push_message import Message, UnreadableMessage, read_message
from runtime.registry.routes import Route

SUCCESS = b"success"
"""The answer that asks WeChat to show nothing, and to send nothing again."""

# As logged. That of JSON is not confirmed.
_HEADERS = {"User-Agent": "Mozilla/4.0", "Accept": "*/*", "Pragma": "no-cache"}
_TYPES = {False: "text/xml", True: "application/json"}

_NAMES = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
_SMALL = ("encrypt", "msgsignature", "timestamp", "nonce")
"""Names in the answer to a push; those of WeCom's JSON are in small letters."""


class RouteRequest(NamedTuple):
    """A POST to a route's URL."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def request_to(
    route: Route,
    message: Message,
    *,
    receive_id: str,
    now: float,
    nonce: str,
    of_wecom: bool = False,
    random: Callable[[int], bytes] = os.urandom,
) -> RouteRequest:
    """Return the request that the platform would have sent for this message.

    `receive_id` is the account's appid, of an account of an open platform the
    component's, of an app of WeCom the corpid.
    """
    timestamp, body = str(int(now)), message.body
    query = {
        "signature": signature(route.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    if message.openid and not of_wecom:
        query["openid"] = message.openid
    if not route.plain:
        key = key_of(route.encoding_aes_key)
        sealed = encrypt(body, key=key, receive_id=receive_id, random=random)
        signed = signature(route.token, timestamp, nonce, sealed)
        if of_wecom:
            body = _sealed_by_wecom(message, sealed)
            query = {"msg_signature": signed, "timestamp": timestamp, "nonce": nonce}
        else:
            body = _sealed_push(message, sealed)
            query |= {"encrypt_type": "aes", "msg_signature": signed}
    joint = "&" if "?" in route.url else "?"
    headers = {**_HEADERS, "Content-Type": _TYPES[message.is_json]}
    return RouteRequest(
        f"{route.url}{joint}{urlencode(query, errors='replace')}", headers, body
    )


def passive_reply(
    answer: bytes,
    route: Route,
    push: Message,
    *,
    receive_id: str,
    sender: Sender = "account",
    may_send: bool = False,
    longest_text: float = LONGEST_TEXT,
) -> Reply | None:
    """Return the reply in a service's answer, None for `success` or nothing.

    BadReply if it is something else, or a reply that WeChat would not take; with
    `may_send` neither as a customer-service message. On an encrypted route a plain
    reply is taken, too: it came over the same connection.
    """
    if answer.strip() in (b"", SUCCESS):
        return None
    if len(answer) > LARGEST_REPLY:
        raise BadReply("size")
    try:
        outer = read_message(answer)
        if outer.encrypted is None:
            content = answer
        else:
            content = _opened(outer, route, receive_id)
            if content.strip() in (b"", SUCCESS):
                return None
    except UnreadableMessage:
        raise BadReply("unreadable") from None
    return check_reply(
        content,
        push,
        sender,
        may_send=may_send,
        longest_text=longest_text,
    )


def answer_with(
    reply: Reply,
    *,
    token: str,
    key: bytes | None,
    receive_id: str,
    now: float,
    nonce: str,
    in_small_letters: bool = False,
    random: Callable[[int], bytes] = os.urandom,
) -> tuple[str, bytes]:
    """Return content type and body of the answer to the platform's push.

    It is encrypted with the key that decrypted the push, None if that came as plain
    text.
    """
    if key is None:
        return _TYPES[reply.is_json], reply.body
    sealed = encrypt(reply.body, key=key, receive_id=receive_id, random=random)
    timestamp = str(int(now))
    signed = signature(token, timestamp, nonce, sealed)
    if not reply.is_json:
        return _TYPES[False], _sealed_xml(sealed, signed, timestamp, nonce)
    names = _SMALL if in_small_letters else _NAMES
    values = (sealed, signed, int(timestamp), nonce)
    return _TYPES[True], write_json(dict(zip(names, values, strict=True)))


def _sealed_push(message: Message, sealed: str) -> bytes:
    # What an open platform tells of itself has no ToUserName.
    name = "ToUserName" if message.to_user or not message.info_type else "AppId"
    receiver = message.get(name)
    if message.is_json:
        return write_json({name: receiver, "Encrypt": sealed})
    outer = f"<{name}>{cdata(receiver)}</{name}><Encrypt>{cdata(sealed)}</Encrypt>"
    return f"<xml>{outer}</xml>".encode()


def _sealed_by_wecom(message: Message, sealed: str) -> bytes:
    receiver, agent = message.to_user, message.get("AgentID")
    if message.is_json:
        named = {"tousername": receiver, "agentid": agent} if receiver else {}
        return write_json({**named, "encrypt": sealed})
    return (
        f"<xml><ToUserName>{cdata(receiver)}</ToUserName>"
        f"<AgentID>{cdata(agent)}</AgentID><Encrypt>{cdata(sealed)}</Encrypt></xml>"
    ).encode()


def _sealed_xml(sealed: str, signed: str, timestamp: str, nonce: str) -> bytes:
    return (
        f"<xml><Encrypt>{cdata(sealed)}</Encrypt>"
        f"<MsgSignature>{cdata(signed)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{cdata(nonce)}</Nonce></xml>"
    ).encode()


def _opened(outer: Message, route: Route, receive_id: str) -> bytes:
    if route.plain:
        raise BadReply("not_expected")
    sealed = outer.encrypted or ""
    _, signed, timestamp, nonce = map(outer.get, _NAMES, _SMALL)
    if not is_signed(signed, (route.token,), timestamp, nonce, sealed):
        raise BadReply("signature")
    try:
        content, receiver = decrypt(sealed, key=key_of(route.encoding_aes_key))
    except CannotDecrypt:
        raise BadReply("key") from None
    if receiver != receive_id:
        raise BadReply("receive_id")
    return content
