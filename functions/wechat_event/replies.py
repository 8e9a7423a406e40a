"""Replies to pushes: a service's, or a text of ours, encrypted as the push was."""

from __future__ import annotations

from functions.wechat_event.checked import NO_STORE
from runtime.gateway import Gateway
from runtime.push.message_fields import write_json, write_xml
from runtime.push.passive_replies import Reply
from runtime.push.receiving import Received
from runtime.push.wechat_format import answer_with
from runtime.web.messages import Response


def replied(gateway: Gateway, received: Received, reply: Reply) -> Response:
    """Return the answer to a push with this reply, encrypted as that was."""
    content_type, body = answer_with(
        reply,
        token=received.token,
        key=received.key,
        receive_id=received.receive_id,
        now=gateway.clock(),
        nonce=received.nonce,
        in_small_letters=received.in_small_letters,
    )
    return Response(200, (("Content-Type", content_type), NO_STORE), body)


def replied_text(gateway: Gateway, received: Received, text: str) -> Response:
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
    return replied(gateway, received, reply)
