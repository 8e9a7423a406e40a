"""Request of one delivery: a message signed, encrypted and written for its callback."""

from __future__ import annotations

import json
import string
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.httputil import url_concat

from sandbox.message_crypt import encrypt, sign
from sandbox.push_xml import Message, write_xml
from sandbox.world import App, World

MODES = ("plain", "compat", "safe", "verify")
FORMATS = ("xml", "json")
HEADERS = {
    "User-Agent": "Mozilla/4.0",
    "Accept": "*/*",
    "Pragma": "no-cache",
}
# That of JSON is not confirmed.
CONTENT_TYPES = {"xml": "text/xml", "json": "application/json"}


def make_check(world: World, app: App) -> tuple[HTTPRequest, str]:
    """Return the signed GET that checks a callback, and the echostr it must answer."""
    echostr = world.ids.text(string.digits, 19)
    query = {**_signed(world, app), "echostr": echostr}
    return HTTPRequest(url_concat(app.callback_url, query), headers=HEADERS), echostr


def make_delivery(
    world: World, app: App, fields: Message, *, mode: str, form: str
) -> HTTPRequest:
    """Return one delivery: the same message, signed and encrypted afresh."""
    query = _signed(world, app)
    if "FromUserName" in fields:
        query["openid"] = str(fields["FromUserName"])
    body = fields
    if mode != "plain":
        encrypted = encrypt(
            write(fields, form).encode(),
            encoding_aes_key=app.encoding_aes_key,
            appid=app.appid,
            random=world.ids.text(string.ascii_letters, 16).encode(),
        )
        parts = (query["timestamp"], query["nonce"], encrypted)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sign(app.token, *parts)
        receiver = "AppId" if "InfoType" in fields else "ToUserName"
        shown = fields if mode == "compat" else {receiver: fields[receiver]}
        body = {**shown, "Encrypt": encrypted}
    url = url_concat(app.callback_url, query)
    headers = {**HEADERS, "Content-Type": CONTENT_TYPES[form]}
    return HTTPRequest(url, method="POST", headers=headers, body=write(body, form))


def write(fields: Message, form: str) -> str:
    """Return the message as the console's choice of XML or JSON demands."""
    if form == "xml":
        return write_xml(fields)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _signed(world: World, app: App) -> dict[str, Any]:
    timestamp = str(int(world.clock.now()))
    nonce = world.ids.text(string.digits, 10)
    signature = sign(app.token, timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce}
