"""Action of the sender of a pushed message, which allows the account to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.catalogue.state.conversations import Conversations
from sandbox.world import App, World

# Any other event, such as a report on a template message, is nobody's action.
ACTIONS = {
    "subscribe": "follow",
    "SCAN": "scan",
    "CLICK": "menu",
    "VIEW": "menu",
    "view_miniprogram": "menu",
    "scancode_push": "menu",
    "scancode_waitmsg": "menu",
    "pic_sysphoto": "menu",
    "pic_photo_or_album": "menu",
    "pic_weixin": "menu",
    "location_select": "menu",
}


def is_action(message: Mapping[str, Any]) -> bool:
    """Tell whether the message is of a user who waits for what comes of it."""
    kind = message.get("MsgType")
    if kind == "event":
        return str(message.get("Event")) in ACTIONS
    return isinstance(kind, str)


def note_action(world: World, app: App, message: Mapping[str, Any]) -> None:
    """Open the 48 hours for the sender of a message, end them for who leaves."""
    openid = message.get("FromUserName")
    conversations = world.of(app.appid, Conversations)
    if not isinstance(openid, str) or "MsgType" not in message:
        return
    event = message.get("Event") if message["MsgType"] == "event" else None
    if event == "unsubscribe":
        conversations.close(openid)
    elif event is None:
        conversations.note(openid, action="message", now=world.clock.now())
    elif str(event) in ACTIONS:
        conversations.note(openid, action=ACTIONS[event], now=world.clock.now())
