"""Customer-service messages: /cgi-bin/message/custom/send and typing."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.custom_contents import CHECKS
from sandbox.catalogue.fields import (
    Fields,
    mapping,
    optional_text,
    refuse_escapes,
    text,
)
from sandbox.catalogue.state.conversations import Conversations
from sandbox.catalogue.state.desk import Desk
from sandbox.catalogue.state.outbox import Outbox, Sent
from sandbox.catalogue.uploaded import find
from sandbox.errors import WeChatError
from sandbox.world import App, World

FOR_MINIPROGRAMS = ("text", "image", "link", "miniprogrampage")


def send(world: World, app: App, call: Call) -> Answer:
    """Send one message to a user who did something in the last 48 hours."""
    _check_account(app)
    refuse_escapes(call, errcode=47002)
    fields = call.fields()
    openid = text(fields, "touser", missing=40003)
    world.user_of(app.appid, openid)
    msgtype = _msgtype(app, fields)
    content = mapping(fields, msgtype, missing=44004)
    CHECKS[msgtype](content, lambda *media: _check_media(world, app, call, *media))
    _check_clerk(world, app, fields)
    world.of(app.appid, Conversations).say(openid, now=call.now)
    message = Sent(openid, msgtype, content, call.now, world.ids.msgid())
    world.of(app.appid, Outbox).send(message)
    return ok()


def show_typing(world: World, app: App, call: Call) -> Answer:
    """Show a user that an answer is being typed, or show it no longer."""
    _check_account(app)
    fields = call.fields()
    openid = text(fields, "touser", missing=40003)
    world.user_of(app.appid, openid)
    conversations = world.of(app.appid, Conversations)
    command = optional_text(fields, "command")
    if command == "Typing":
        conversations.type(openid, now=call.now)
    elif command == "CancelTyping":
        conversations.stop_typing(openid)
    else:
        raise WeChatError(45072)
    return ok()


def _check_account(app: App) -> None:
    # As a subscription account without verification.
    if not app.verified:
        raise WeChatError(48001)


def _msgtype(app: App, fields: Fields) -> str:
    msgtype = optional_text(fields, "msgtype")
    if msgtype not in CHECKS:
        raise WeChatError(40008)
    # A link is a mini program's only, and most other types an account's only.
    fits = (
        msgtype in FOR_MINIPROGRAMS if app.kind == "miniprogram" else msgtype != "link"
    )
    if not fits:
        raise WeChatError(48008)
    return msgtype


def _check_media(
    world: World, app: App, call: Call, media_id: str, kinds: tuple[str, ...]
) -> None:
    if find(world, app.appid, media_id, now=call.now).kind not in kinds:
        raise WeChatError(40007)


def _check_clerk(world: World, app: App, fields: Fields) -> None:
    if fields.get("customservice"):
        clerk = mapping(fields, "customservice", missing=61452)
        world.of(app.appid, Desk).get(text(clerk, "kf_account", missing=61452))


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/message/custom/send", send),
    Endpoint("POST", "/cgi-bin/message/custom/typing", show_typing),
)
