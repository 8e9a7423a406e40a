"""Sample messages: what a user could have sent, made up to try a route.

The sender and the receiver are made up, too, so a service must not take them for a user
and an account that there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.push.message_fields import write_json, write_xml
from runtime.push.push_message import Message, read_message

OPENID = "oTEST0000000000000000000000A"
ACCOUNT = "gh_test00000000"

_MEDIA = {"MediaId": "test_media_id"}

_MESSAGES: Mapping[str, Mapping[str, Any]] = {
    "text": {"Content": "test"},
    "image": {"PicUrl": "https://mmbiz.qpic.cn/test/0", **_MEDIA},
    "voice": {**_MEDIA, "Format": "amr"},
    "video": {**_MEDIA, "ThumbMediaId": "test_thumb_id"},
    "shortvideo": {**_MEDIA, "ThumbMediaId": "test_thumb_id"},
    "location": {
        **{"Location_X": "23.134521", "Location_Y": "113.358803", "Scale": "20"},
        "Label": "test",
    },
    "link": {"Title": "test", "Description": "test", "Url": "https://example.com/"},
}

_EVENTS: Mapping[str, Mapping[str, Any]] = {
    "subscribe": {"EventKey": ""},
    "unsubscribe": {"EventKey": ""},
    "SCAN": {"EventKey": "test", "Ticket": "test_ticket"},
    "LOCATION": {
        **{"Latitude": "23.137466", "Longitude": "113.352425"},
        "Precision": "119.385040",
    },
    "CLICK": {"EventKey": "test"},
    "VIEW": {"EventKey": "https://example.com/", "MenuId": "test"},
}

TYPES = (*_MESSAGES, *_EVENTS)
"""Types of messages, and of events."""


def sample_message(
    type_: str, *, now: float, number: int, text: str = "", is_json: bool = False
) -> Message:
    """Return a message of one of TYPES.

    `number` makes it another one than those before; `text` is the content of a text, or
    the key of an event that has one.
    """
    common = {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": int(now)}
    if type_ in _MESSAGES:
        own = dict(_MESSAGES[type_])
        named, tail = {"MsgType": type_}, {"MsgId": number}
        key = "Content"
    else:
        own = dict(_EVENTS[type_])
        named, tail = {"MsgType": "event", "Event": type_}, {}
        key = "EventKey"
    if text and key in own:
        own[key] = text
    fields = {**common, **named, **own, **tail}
    return read_message(write_json(fields) if is_json else write_xml(fields))
