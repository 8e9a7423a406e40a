"""Replies to pushes of WeCom: the types that its apps and its robots may answer with.

    text, image, voice, video, news   as those of an account
    update_button                     Button: ReplaceName
    update_template_card              TemplateCard: CardType and what that needs

An app's reply is XML and names who gets it. A robot's is JSON in small letters and
names nobody:

    {"msgtype": "stream", "stream": {"id": "...", "finish": false, "content": "..."}}
    {"response_type": "update_template_card", "template_card": {...}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.push.push_message import Message

Needed = Mapping[str, Callable[[Mapping[str, Any]], bool]]

BUTTON, CARD = "update_button", "update_template_card"

WECOM_MESSAGES = frozenset(("text", "image", "voice", "video", "news"))
"""Types that an app may also send as a message of its own."""

WECOM_PASSIVE = WECOM_MESSAGES | {BUTTON, CARD}
"""Types that may be the answer to WeCom's request."""


def is_of_robot(push: Message) -> bool:
    """Tell whether a push of WeCom is a robot's: it is JSON and has no ToUserName."""
    return push.is_json and not push.to_user


def robot_type(fields: Mapping[str, Any]) -> str:
    """Return the type of a robot's reply, "" if it names none."""
    found = fields.get("msgtype") or fields.get("response_type")
    return found if isinstance(found, str) else ""


def _has(name: str, inner: str = "") -> Callable[[Mapping[str, Any]], bool]:
    def is_there(fields: Mapping[str, Any]) -> bool:
        found = fields.get(name)
        if not isinstance(found, Mapping):
            return False
        return not inner or bool(found.get(inner))

    return is_there


WECOM_NEEDED: Needed = {
    BUTTON: _has("Button", "ReplaceName"),
    CARD: _has("TemplateCard", "CardType"),
}
"""Types of WeCom's alone, and whether the fields that one needs are there."""

ROBOT_NEEDED: Needed = {
    "text": _has("text", "content"),
    "stream": _has("stream", "id"),
    "template_card": _has("template_card"),
    "stream_with_template_card": lambda fields: (
        _has("stream", "id")(fields) and _has("template_card")(fields)
    ),
    CARD: _has("template_card"),
}
"""Types of a robot's replies, and whether the fields that one needs are there."""
