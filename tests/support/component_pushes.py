"""Events and messages as an open platform sends them to a component."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from runtime.push.encryption import encrypt, key_of, signature

COMPONENT, ACCOUNT = "wx" + "c" * 16, "wx" + "d" * 16
TOKEN, AES_KEY = "componentToken", "K" * 43
SECRET = "5" * 32


def event(info_type, *, created=None, component=COMPONENT, **fields):
    """Return an event; its values are in CDATA, as in WeChat's."""
    created = int(time.time()) if created is None else created
    inner = {"AppId": component, "CreateTime": created, "InfoType": info_type, **fields}
    texts = (f"<{name}>{_text(value)}</{name}>" for name, value in inner.items())
    return f"<xml>{''.join(texts)}</xml>"


def sealed(
    message,
    *,
    token=TOKEN,
    aes_key=AES_KEY,
    appid=COMPONENT,
    at=None,
    nonce="n",
    envelope="AppId",
):
    """Return query and body of a push, encrypted for the component."""
    at = str(int(time.time() if at is None else at))
    encrypted = encrypt(message.encode(), key=key_of(aes_key), receive_id=appid)
    query = {
        "signature": signature(token, at, nonce),
        "timestamp": at,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(token, at, nonce, encrypted),
    }
    body = (
        f"<xml><{envelope}><![CDATA[{appid}]]></{envelope}>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return urlencode(query), body.encode()


def _text(value):
    return value if isinstance(value, int) else f"<![CDATA[{value}]]>"
