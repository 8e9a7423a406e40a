"""Push: signed, and sent to an app's callback URL up to three times."""

from __future__ import annotations

import string
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import url_concat

from sandbox.message_crypt import encrypt, sign
from sandbox.push_action import note_action
from sandbox.push_reply import BadReply, read_reply
from sandbox.push_xml import Message, XmlError, write_xml
from sandbox.world import App, World

MODES = ("plain", "compat", "safe", "verify")
DEADLINE = 5.0
DELIVERIES = 3
HEADERS = {
    "User-Agent": "Mozilla/4.0",
    "Accept": "*/*",
    "Pragma": "no-cache",
}

Result = dict[str, Any]


async def send_push(
    world: World,
    app: App,
    message: Mapping[str, Any],
    mode: str,
    *,
    deadline: float = DEADLINE,
) -> Result:
    """Push a message, or verify the callback, and return what came of it.

    The result says how many `deliveries` there were, the last answer's `status` and
    `body`, the passive `reply` as a dictionary or None, and the `error` if the
    platform would not be content. `deadline` is seconds per delivery.
    """
    if mode not in MODES:
        return _result(error=f"mode is one of {', '.join(MODES)}")
    if not app.callback_url:
        return _result(error="the app has no callback_url")
    if mode == "verify":
        return await _verify(world, app, deadline)
    fields = _complete(world, app, message)
    try:
        write_xml(fields)
    except XmlError as error:
        return _result(error=str(error))
    note_action(world, app, fields)
    return await _deliver(world, app, fields, mode, deadline)


async def _verify(world: World, app: App, deadline: float) -> Result:
    query = _signed(world, app)
    query["echostr"] = world.ids.text(string.digits, 19)
    request = HTTPRequest(url_concat(app.callback_url, query), headers=HEADERS)
    result = await _fetch(request, deadline) | {"deliveries": 1}
    # Nothing may come along, neither quotes nor a newline.
    if result["error"] is None and result["body"] != query["echostr"]:
        result["error"] = "the answer is not the echostr"
    return result


async def _deliver(
    world: World, app: App, fields: Message, mode: str, deadline: float
) -> Result:
    for delivery in range(1, DELIVERIES + 1):
        request = _make_request(world, app, fields, mode)
        result = await _fetch(request, deadline) | {"deliveries": delivery}
        if result["error"] is None:
            break
    else:
        return result
    try:
        body = result["body"].encode()
        return result | {"reply": read_reply(app, mode, fields, body)}
    except BadReply as error:
        return result | {"error": str(error)}


def _complete(world: World, app: App, message: Mapping[str, Any]) -> Message:
    """Return the message with the fields that every message has."""
    now = int(world.clock.now())
    if "InfoType" in message:  # to a component, about an authorisation or its ticket
        return {"AppId": app.appid, "CreateTime": now, **message}
    sender = world.phone.user.openid.get(app.appid, "")
    common = {
        "ToUserName": app.original_id,
        "FromUserName": sender,
        "CreateTime": now,
    }
    ending = {} if message.get("MsgType") == "event" else {"MsgId": world.ids.msgid()}
    return {**common, **ending, **message}


def _make_request(world: World, app: App, fields: Message, mode: str) -> HTTPRequest:
    """Return one delivery: the same message, signed and encrypted afresh."""
    query = _signed(world, app)
    if "FromUserName" in fields:
        query["openid"] = str(fields["FromUserName"])
    body = fields
    if mode != "plain":
        encrypted = encrypt(
            write_xml(fields).encode(),
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
    headers = {**HEADERS, "Content-Type": "text/xml"}
    return HTTPRequest(url, method="POST", headers=headers, body=write_xml(body))


def _signed(world: World, app: App) -> dict[str, str]:
    timestamp = str(int(world.clock.now()))
    nonce = world.ids.text(string.digits, 10)
    signature = sign(app.token, timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce}


async def _fetch(request: HTTPRequest, deadline: float) -> Result:
    """Return the answer to one request; all but 200 and UTF-8 is an error."""
    request.connect_timeout = request.request_timeout = deadline
    request.follow_redirects = False
    with closing(AsyncHTTPClient(force_instance=True)) as client:
        try:
            response = await client.fetch(request, raise_error=False)
            body = response.body.decode()
        except UnicodeDecodeError:
            return _result(status=response.code, error="the answer is not UTF-8")
        except (HTTPClientError, OSError, ValueError) as error:
            return _result(error=f"no answer: {type(error).__name__}")
    # That other statuses count as no answer is not confirmed.
    wrong = None if response.code == 200 else f"the status is {response.code}"
    return _result(status=response.code, body=body, error=wrong)


def _result(
    *, status: int | None = None, body: str | None = None, error: str | None = None
) -> Result:
    empty = {"deliveries": 0, "reply": None}
    return {**empty, "status": status, "body": body, "error": error}
