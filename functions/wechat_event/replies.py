"""Replies to pushes: a service's, or a text of ours, encrypted as the push was."""

from __future__ import annotations

from functions.wechat_event.checked import NO_STORE
from runtime.gateway import Gateway
from runtime.push.message_fields import write_json, write_xml
from runtime.push.passive_replies import Reply
from runtime.push.receiving import Received
from runtime.push.wechat_format import answer_with
from runtime.web.messages import Response


def replied(
    gateway: Gateway, received: Received, reply: Reply, *, receive_id: str
) -> Response:
    """Return the answer to a push with this reply, encrypted for `receive_id`."""
    content_type, body = answer_with(
        reply,
        token=received.token,
        key=received.key,
        receive_id=receive_id,
        now=gateway.clock(),
        nonce=received.nonce,
    )
    return Response(200, (("Content-Type", content_type), NO_STORE), body)


def replied_text(
    gateway: Gateway, received: Received, text: str, *, receive_id: str
) -> Response:
    """Return the answer that shows the sender of a push this text."""
    message = received.message
    fields = {
        "ToUserName": message.openid,
        "FromUserName": message.to_user,
        "CreateTime": int(gateway.clock()),
        "MsgType": "text",
        "Content": text,
    }
    write = write_json if message.is_json else write_xml
    reply = Reply(write(fields), message.is_json)
    return replied(gateway, received, reply, receive_id=receive_id)
