"""Template messages: /cgi-bin/message/template/send."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import (
    Fields,
    appid,
    mapping,
    optional_text,
    refuse_escapes,
    text,
)
from sandbox.catalogue.followers import follower
from sandbox.catalogue.state.black_list import BlackList
from sandbox.catalogue.state.outbox import Outbox, Sent
from sandbox.catalogue.state.templates import Templates
from sandbox.catalogue.template_data import check_data
from sandbox.errors import WeChatError
from sandbox.world import App, World

# Not confirmed by the platform's documents.
URL_BYTES = 1024
CLIENT_MSG_ID_BYTES = 64


def send(world: World, app: App, call: Call) -> Answer:
    """Send one message; the same client_msg_id sends no second one."""
    refuse_escapes(call, errcode=47002)
    fields = call.fields()
    openid = _receiver(world, app, fields)
    world.of(app.appid, Templates).get(text(fields, "template_id", missing=40037))
    _check_link(fields)
    check_data(fields.get("data"))
    client_msg_id = optional_text(fields, "client_msg_id")
    if len(client_msg_id.encode()) > CLIENT_MSG_ID_BYTES:
        raise WeChatError(45067)
    message = Sent(
        openid, "template", fields, call.now, world.ids.msgid(), client_msg_id
    )
    return ok(msgid=world.of(app.appid, Outbox).send(message).msgid)


def _receiver(world: World, app: App, fields: Fields) -> str:
    openid = text(fields, "touser", missing=40003)
    follower(world, app, openid, otherwise=43004)
    if openid in world.of(app.appid, BlackList):
        raise WeChatError(43019)
    return openid


def _check_link(fields: Fields) -> None:
    if len(optional_text(fields, "url").encode()) > URL_BYTES:
        raise WeChatError(40039)
    if fields.get("miniprogram"):
        miniprogram = mapping(fields, "miniprogram", missing=40166)
        appid(miniprogram, "appid", wrong=40166)


ENDPOINTS = (Endpoint("POST", "/cgi-bin/message/template/send", send, ("service",)),)
