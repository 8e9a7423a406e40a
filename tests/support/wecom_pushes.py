"""Pushes as WeCom signs and encrypts them, and an app that takes them."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

from runtime.push.encryption import encrypt, key_of, signature

CORP = "ww1122334455667788"
APP = f"{CORP}-1000002"
TOKEN, AES_KEY = "QyTok9", "0WeComKeyWeComKeyWeComKeyWeComKeyWeComKey01"

SECRET = "s" * 43


def wecom_app(**fields):
    """Return the content of an app's document."""
    content = {
        **{"kind": "wecom", "corpid": CORP, "name": "1000002", "secret": SECRET},
        **{"token": TOKEN, "encoding_aes_key": AES_KEY},
        **fields,
    }
    return {name: value for name, value in content.items() if value is not None}


def text(number=1, *, user="ZhangSan", content="hello", **more):
    """Return a member's text."""
    return _xml(
        ToUserName=CORP,
        FromUserName=user,
        CreateTime=1796001060,
        MsgType="text",
        Content=content,
        MsgId=number,
        AgentID=1000002,
        **more,
    )


def event(name, *, user="ZhangSan", at=1796001060, **more):
    """Return an event; without a user it names none."""
    sender = {"FromUserName": user} if user else {}
    named = {"CreateTime": at, "MsgType": "event", "Event": name}
    return _xml(ToUserName=CORP, **sender, **named, **more)


def _xml(**fields):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<xml>{inner}</xml>"


def robots_text(number="m1", content="hello", user="ZhangSan"):
    """Return a text to a robot."""
    return json.dumps(
        {
            **{"msgid": number, "aibotid": "AIBOTID", "chattype": "single"},
            **{"from": {"userid": user}, "msgtype": "text"},
            "text": {"content": content},
        }
    )


def sealed(
    message,
    *,
    receive_id=CORP,
    token=TOKEN,
    aes_key=AES_KEY,
    at=None,
    nonce="n",
    as_json=False,
):
    """Return query and body of a push."""
    at = str(int(time.time() if at is None else at))
    encrypted = encrypt(message.encode(), key=key_of(aes_key), receive_id=receive_id)
    signed = signature(token, at, nonce, encrypted)
    query = {"msg_signature": signed, "timestamp": at, "nonce": nonce}
    if as_json:
        return urlencode(query), json.dumps({"encrypt": encrypted}).encode()
    return urlencode(query), (
        f"<xml><ToUserName><![CDATA[{receive_id}]]></ToUserName>"
        f"<AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()


def check(
    echostr="6147913184475555277",
    *,
    receive_id=CORP,
    token=TOKEN,
    aes_key=AES_KEY,
    at=None,
    plus_in_it=False,
):
    """Return the query by which WeCom checks a URL; `plus_in_it` has one in echostr."""
    at = str(int(time.time() if at is None else at))
    encrypted = ""
    while not encrypted or (plus_in_it and "+" not in encrypted):
        key = key_of(aes_key)
        encrypted = encrypt(echostr.encode(), key=key, receive_id=receive_id)
    signed = signature(token, at, "n", encrypted)
    named = {"msg_signature": signed, "timestamp": at, "nonce": "n"}
    return urlencode({**named, "echostr": encrypted})
