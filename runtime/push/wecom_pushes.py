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

from runtime.push.push_message import Message
from runtime.push.wecom_replies import is_of_robot
from runtime.registry.models import App

SYSTEM = "sys"
"""The sender of events that no member causes, such as a change of the contacts."""

_OF_EVENT = ("FromUserName", "CreateTime", "AgentID", "Event", "EventKey", "TaskId")
"""What an event has in common with itself when it comes again."""


def identity_of(message: Message) -> bytes:
    """Return what is the same in a push that WeCom sends again, and in no other one.

    A message has an id. An event is known by its sender and its time, and by what it
    is about, since one member causes several in a second. Without a sender of its own
    every byte counts: kf_msg_or_event names none, and many changes of the contacts have
    one time.
    """
    if number := message.get("MsgId"):
        return json.dumps(["MsgId", number, message.openid]).encode()
    sender, time = message.openid, message.get("CreateTime")
    if not sender or sender == SYSTEM or not time:
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
