"""Pushes of WeCom: which are equal, whose they are, and for whom they are encrypted.

<xml><ToUserName>ww...</ToUserName><FromUserName>zhangsan</FromUserName>
<CreateTime>1796001060</CreateTime><MsgType>text</MsgType><Content>...</Content>
<MsgId>1234567890123456</MsgId><AgentID>1000002</AgentID></xml>

<xml><ToUserName>ww...</ToUserName><CreateTime>...</CreateTime>
<MsgType>event</MsgType><Event>kf_msg_or_event</Event><Token>...</Token>
<OpenKfId>wk...</OpenKfId></xml>
"""

from __future__ import annotations

import json
import re

from runtime.push.push_message import Message
from runtime.push.wecom_replies import is_of_robot
from runtime.registry.models import App

_BY_FIELDS = re.compile(
    "enter_agent|location|click|view(_miniprogram)?|(un)?subscribe"
    "|(scancode|pic|template_card)_[a-z_]+|location_select"
)
"""Events, in small letters, that their fields below tell apart."""

_OF_EVENT = ("FromUserName", "CreateTime", "AgentID", "Event", "EventKey", "TaskId")
"""What an event has in common with itself when it comes again."""


def identity_of(message: Message) -> bytes:
    """Return what is the same in a push that WeCom sends again, and in no other one.

    A message has an id. What a member does in an app is known by the member and the
    time, and by what it is about, since one member causes several in a second. Of any
    other event every byte counts: kf_msg_or_event names no sender, and many changes of
    contacts, calendars and schedules have one time.
    """
    if number := message.get("MsgId"):
        return json.dumps(["MsgId", number, message.openid]).encode()
    sender, time = message.openid, message.get("CreateTime")
    event = (message.get("Event") or "").lower()
    if not sender or not time or not _BY_FIELDS.fullmatch(event):
        return message.body
    return json.dumps([message.get(name) for name in _OF_EVENT]).encode()


def user_of(message: Message) -> str:
    """Return the sender in small letters: WeCom tells no capital from a small one."""
    return message.openid.lower()


def order_of(message: Message) -> str:
    """Return what pushes have in common of which a service needs the earlier one first.

    A service reads the messages of one customer-service account one after the other.
    """
    account = message.get("OpenKfId")
    return f"kf/{account}" if account else user_of(message)


def receive_ids_of(app: App) -> set[str]:
    """Return the ids for which a push of the app may be encrypted."""
    return {app.corpid, *app.receive_ids}


def receive_id_for(app: App, message: Message) -> str:
    """Return the id for which WeCom encrypts such a push, and the answer to it.

    That is the receiver that the message names; a robot's names none.
    """
    if is_of_robot(message):
        return "" if "" in app.receive_ids else app.corpid
    return message.to_user if message.to_user in app.receive_ids else app.corpid
