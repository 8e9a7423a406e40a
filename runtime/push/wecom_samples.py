"""Sample messages of WeCom: what a member could have sent, made up to try a route.

The sender is made up, so a service must not take it for a member that there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.push.message_fields import write_json, write_xml
from runtime.push.push_message import Message, read_message
from runtime.registry.models import App

USERID = "test-member"
SYSTEM = "sys"
"""The sender of events that no member causes, such as a change of the contacts."""

_MEDIA = {"MediaId": "test_media_id"}

_MESSAGES: Mapping[str, Mapping[str, Any]] = {
    "text": {"Content": "test"},
    "image": {"PicUrl": "https://wework.qpic.cn/test/0", **_MEDIA},
    "voice": {**_MEDIA, "Format": "amr"},
    "video": {**_MEDIA, "ThumbMediaId": "test_thumb_id"},
    "location": {
        **{"Location_X": "23.134521", "Location_Y": "113.358803", "Scale": "20"},
        "Label": "test",
    },
    "link": {"Title": "test", "Description": "test", "Url": "https://example.com/"},
}

_EVENTS: Mapping[str, Mapping[str, Any]] = {
    "subscribe": {},
    "unsubscribe": {},
    "enter_agent": {"EventKey": ""},
    "LOCATION": {"Latitude": "23.104", "Longitude": "113.320", "Precision": "65.000"},
    "click": {"EventKey": "test"},
    "view": {"EventKey": "https://example.com/"},
    "template_card_event": {
        **{"EventKey": "test", "TaskId": "test", "CardType": "button_interaction"},
        "ResponseCode": "test_code",
    },
    "change_contact": {"ChangeType": "update_user", "UserID": USERID},
    "kf_msg_or_event": {"Token": "test_token", "OpenKfId": "wkTest"},
}

_WITHOUT_AGENT = ("change_contact", "kf_msg_or_event")

_OF_ROBOT = ("text", "enter_chat")


def wecom_types(*, of_robot: bool) -> Sequence[str]:
    """Return the types of messages and of events, of an app or of a robot."""
    return _OF_ROBOT if of_robot else (*_MESSAGES, *_EVENTS)


def wecom_sample(
    app: App, type_: str, *, now: float, number: int, text: str = ""
) -> Message:
    """Return a message of one of the types of an app, to this app.

    `number` makes it another one than those before; `text` is the content of a text, or
    the key of an event that has one.
    """
    sender = {"FromUserName": SYSTEM if type_ == "change_contact" else USERID}
    if type_ == "kf_msg_or_event":
        sender = {}
    common = {"ToUserName": app.corpid, **sender, "CreateTime": int(now)}
    if type_ in _MESSAGES:
        own = dict(_MESSAGES[type_])
        named, tail = {"MsgType": type_}, {"MsgId": number}
    else:
        own, tail = dict(_EVENTS[type_]), {}
        named = {"MsgType": "event", "Event": type_}
    key = "Content" if type_ == "text" else "EventKey"
    if text and key in own:
        own[key] = text
    agent = {} if type_ in _WITHOUT_AGENT else {"AgentID": app.agentid}
    return read_message(write_xml({**common, **named, **own, **tail, **agent}))


def robot_sample(type_: str, *, now: float, number: int, text: str = "") -> Message:
    """Return a message of one of the types of a robot."""
    common = {
        **{"msgid": str(number), "create_time": int(now), "aibotid": "test"},
        **{"chattype": "single", "from": {"userid": USERID}},
    }
    if type_ == "text":
        own: Mapping[str, Any] = {"msgtype": type_, "text": {"content": text or "test"}}
    else:
        own = {"msgtype": "event", "event": {"eventtype": type_}}
    return read_message(write_json({**common, **own}))
