"""Callbacks of WeCom: always encrypted, with only `msg_signature` in the query."""

from __future__ import annotations

import hmac
import json
import string
from collections.abc import Mapping
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.httputil import url_concat

from sandbox.message_crypt import CryptError, decrypt, encrypt, sign
from sandbox.push import DEADLINE, DELIVERIES, Result, attempt, make_result
from sandbox.push_reply import SILENT, BadReply
from sandbox.push_request import CONTENT_TYPES, HEADERS
from sandbox.push_xml import Message, XmlError, read_xml, write_xml
from sandbox.wecom.corps import WecomApp
from sandbox.world import World

MODES = ("safe", "json", "verify")
TYPES = (
    "text",
    "image",
    "voice",
    "video",
    "news",
    "update_button",
    "update_template_card",
)
CHECK_DEADLINE = 1.0
BELL = "kf_msg_or_event"
"""The event that has neither a sender nor a MsgId."""

OF_SYSTEM = ("change_contact", "batch_job_result", "change_external_contact")
"""Events without AgentID, whose sender is `sys`."""


async def send_callback(
    world: World,
    app: WecomApp,
    message: Mapping[str, Any],
    mode: str,
    *,
    retries: bool = False,
    deadline: float = DEADLINE,
    receiveid: str | None = None,
    plus: bool = False,
) -> Result:
    """Push a message, or check the URL by `verify`; return what came of it.

    The result is that of `sandbox.push.send_push`. `json` is the form of robots, which
    also have no `receiveid`; otherwise that is the corpid unless given. With `plus` the
    ciphertext has a `+` in it for sure, as it often has by chance.
    """
    ends = "" if mode == "json" else app.corpid
    envelope = _Envelope(world, app, ends if receiveid is None else receiveid, plus)
    if mode == "verify":
        return await _check(envelope, min(deadline, CHECK_DEADLINE))
    fields = _complete(world, app, message)
    try:
        text = _write(fields, mode)
    except XmlError as error:
        return make_result(error=str(error))
    attempts: list[Result] = []
    while True:
        request = envelope.delivery(text.encode(), mode)
        result = await attempt(world, app.appid, request, deadline, attempts)
        if result["error"] is None:
            break
        if not retries or len(attempts) == DELIVERIES:
            return result
    try:
        return result | {"reply": envelope.reply(fields, result["body"].encode(), mode)}
    except BadReply as error:
        return result | {"error": str(error)}


class _Envelope:
    """The encryption of one app's callbacks, and of the replies to them."""

    def __init__(self, world: World, app: WecomApp, receiveid: str, plus: bool) -> None:
        self.world, self.app, self.receiveid, self.plus = world, app, receiveid, plus

    def check(self, echostr: str) -> HTTPRequest:
        """Return the GET that checks the URL, with the number encrypted."""
        encrypted = self._encrypt(echostr.encode())
        query = {**self._signed(encrypted), "echostr": encrypted}
        return HTTPRequest(url_concat(self.app.callback_url, query), headers=HEADERS)

    def delivery(self, message: bytes, mode: str) -> HTTPRequest:
        """Return one delivery, encrypted and signed afresh."""
        encrypted = self._encrypt(message)
        url = url_concat(self.app.callback_url, self._signed(encrypted))
        form = "json" if mode == "json" else "xml"
        outer: Message = {"encrypt": encrypted}
        if form == "xml":
            outer = {"ToUserName": self.app.corpid, "Encrypt": encrypted}
            outer["AgentID"] = self.app.agentid
        headers = {**HEADERS, "Content-Type": CONTENT_TYPES[form]}
        body = _write(outer, mode)
        return HTTPRequest(url, method="POST", headers=headers, body=body)

    def reply(self, message: Message, body: bytes, mode: str) -> Any:
        """Return the passive reply, None for silence; BadReply for a wrong one."""
        if body in SILENT:
            return None
        read = _read_json if mode == "json" else read_xml
        try:
            outer = read(body)
            inner = read(self._open(outer, _NAMES[mode]))
        except (XmlError, CryptError) as error:
            raise BadReply(str(error)) from None
        if mode == "safe":
            _check_reply(message, inner)
        return inner

    def _open(self, outer: Message, names: tuple[str, ...]) -> bytes:
        signature, *parts = (str(outer.get(name, "")) for name in names)
        right = sign(self.app.token, *parts)
        if not hmac.compare_digest(right.encode(), signature.encode()):
            raise BadReply("the reply's signature is wrong")
        opened = decrypt(parts[0], encoding_aes_key=self.app.encoding_aes_key)
        if opened.appid != self.receiveid:
            raise BadReply("the reply was encrypted for another receiveid")
        return opened.message

    def _signed(self, encrypted: str) -> dict[str, str]:
        timestamp = str(int(self.world.clock.now()))
        nonce = self.world.ids.text(string.digits, 10)
        signature = sign(self.app.token, timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _encrypt(self, message: bytes) -> str:
        while True:
            encrypted = encrypt(
                message,
                encoding_aes_key=self.app.encoding_aes_key,
                appid=self.receiveid,
                random=self.world.ids.text(string.ascii_letters, 16).encode(),
            )
            if "+" in encrypted or not self.plus:
                return encrypted


async def _check(envelope: _Envelope, deadline: float) -> Result:
    world, app = envelope.world, envelope.app
    echostr = world.ids.text("123456789", 1) + world.ids.text(string.digits, 18)
    result = await attempt(world, app.appid, envelope.check(echostr), deadline, [])
    # The plain number and nothing else, neither quotes nor a newline.
    if result["error"] is None and result["body"] != echostr:
        result["error"] = "the answer is not the decrypted echostr"
    return result


def _complete(world: World, app: WecomApp, message: Mapping[str, Any]) -> Message:
    """Return the message with the fields that every message of its kind has."""
    event = message.get("Event") if message.get("MsgType") == "event" else None
    common: Message = {"ToUserName": app.corpid}
    if event != BELL:
        userid = world.phone.user.userid.get(app.corpid, "")
        common["FromUserName"] = "sys" if event in OF_SYSTEM else userid
    common["CreateTime"] = int(world.clock.now())
    ending: Message = {}
    if event == BELL:
        ending["Token"] = world.wecom.desk.token(app.corpid)
    elif event is None:
        ending["MsgId"] = world.ids.msgid()
    if event not in (BELL, *OF_SYSTEM) and app.agentid:
        ending["AgentID"] = int(app.agentid)
    return {**common, **ending, **message}


def _write(fields: Message, mode: str) -> str:
    if mode == "safe":
        return write_xml(fields)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _read_json(document: bytes) -> Message:
    try:
        fields = json.loads(document)
    except (ValueError, RecursionError):
        raise BadReply("not JSON") from None
    if not isinstance(fields, dict):
        raise BadReply("not a message in JSON")
    return fields


def _check_reply(message: Message, reply: Message) -> None:
    if reply.get("MsgType") not in TYPES:
        raise BadReply("the reply's MsgType is wrong")
    pairs = (("ToUserName", "FromUserName"), ("FromUserName", "ToUserName"))
    for ours, theirs in pairs:
        if reply.get(ours) != message.get(theirs):
            raise BadReply(f"the reply's {ours} is not the message's {theirs}")


_NAMES = {
    "safe": ("MsgSignature", "Encrypt", "TimeStamp", "Nonce"),
    "json": ("msgsignature", "encrypt", "timestamp", "nonce"),
}
