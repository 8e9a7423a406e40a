"""Pushes as WeChat signs and encrypts them, and what of them is stored in Redis."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from runtime.crypto.envelope import Envelope
from runtime.push.encryption import encrypt, key_of, signature
from runtime.push.inbox import place_of
from tests.support.scripted_wechat import SERVICE

TOKEN, AES_KEY = "pushToken", "A" * 43
OPENID = "o" + "B" * 27
INBOX = "gateway:push:{inbox}"


def text(number=1, *, openid=OPENID, content="hello"):
    """Return a text message."""
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>{content}</Content>"
        f"<MsgId>{number}</MsgId></xml>"
    )


def event(name, *, openid=OPENID, number=1):
    """Return an event."""
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>{number}</CreateTime><MsgType>event</MsgType>"
        f"<Event>{name}</Event></xml>"
    )


def check(*, token=TOKEN, at=None, echostr="5837"):
    """Return the query by which WeChat checks a URL."""
    at = str(int(time.time() if at is None else at))
    signed = {"signature": signature(token, at, "n"), "timestamp": at, "nonce": "n"}
    return urlencode({**signed, "echostr": echostr})


def plain(message, *, token=TOKEN, at=None, nonce="n", **more):
    """Return query and body of a push in plain text."""
    at = str(int(time.time() if at is None else at))
    query = {"signature": signature(token, at, nonce), "timestamp": at, "nonce": nonce}
    return urlencode({**query, **more}), message.encode()


def safe(
    message, *, token=TOKEN, aes_key=AES_KEY, appid=SERVICE, at=None, nonce="n", **more
):
    """Return query and body of an encrypted push."""
    at = str(int(time.time() if at is None else at))
    sealed = encrypt(message.encode(), key=key_of(aes_key), receive_id=appid)
    query = {
        "signature": signature(token, at, nonce),
        "timestamp": at,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(token, at, nonce, sealed),
    }
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
    return urlencode({**query, **more}), body.encode()


def stored(redis, settings, appid=SERVICE):
    """Return the messages in an app's stream, opened, the oldest first."""
    envelope = Envelope(settings.master_keys)
    found = []
    for _, fields in redis.xrange(f"{INBOX}:stream:{appid}"):
        place = place_of(appid, fields[b"digest"].decode())
        found.append(envelope.open(fields[b"body"].decode(), place=place))
    return found


def sizes(redis):
    """Return the bytes by appid, and of all under `*`."""
    return {name.decode(): int(size) for name, size in redis.hgetall(INBOX).items()}
