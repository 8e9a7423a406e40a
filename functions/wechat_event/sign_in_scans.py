"""Scans of the QR code of a sign-in: the gateway's own pushes, answered by itself.

A SCAN with a scene of ours is relayed to nobody. A follow by such a QR code is a follow
like any other; where a service may answer it, our message goes by another way.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from functions.wechat_event.replies import replied_text
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.push.late_reply import PATH
from runtime.push.receiving import Received
from runtime.registry.models import App
from runtime.sign_in.scenes import confirmation_of
from runtime.web.messages import Response

log = logging.getLogger("gateway.push")

SEND_SECONDS = 1.5
"""How long WeChat may take for our message, as it waits for our answer itself."""

_AFTER_FOLLOW = "qrscene_"


@dataclass(frozen=True, slots=True)
class Scan:
    """A user who has scanned a QR code of ours; `follows` tells that this is new."""

    confirmation: str
    openid: str
    follows: bool


def scan_of(gateway: Gateway, received: Received) -> Scan | None:
    """Return the scan that a push tells of, None if it tells of none of ours.

    Anybody who sees one plain push can make up another: only encrypted ones count.
    """
    message = received.message
    if received.key is None or received.of_wecom or message.msg_type != "event":
        return None
    event, key = message.event, message.event_key
    follows = event == "subscribe" and key.startswith(_AFTER_FOLLOW)
    if event != "SCAN" and not follows:
        return None
    scene = key.removeprefix(_AFTER_FOLLOW) if follows else key
    id_ = confirmation_of(gateway.settings.public_base_url, scene)
    if id_ is None or not message.openid:
        return None
    return Scan(id_, message.openid, follows)


def answer(gateway: Gateway, app: App, received: Received, scan: Scan) -> Response:
    """Return our message as the answer to the push, which WeChat shows to the user."""
    text = _text(gateway, app, scan)
    return replied_text(gateway, received, text)


def send(gateway: Gateway, app: App, scan: Scan) -> None:
    """Send our message into the chat, for a push that a service answers.

    It does not fail: who gets no message scans once more.
    """
    try:
        text = {"content": _text(gateway, app, scan)}
        content = {"touser": scan.openid, "msgtype": "text", "text": text}
        sent = gateway.calls.send(
            app,
            "POST",
            PATH,
            headers={"Content-Type": "application/json"},
            body=json.dumps(content, ensure_ascii=False).encode(),
            seconds=SEND_SECONDS,
            own=True,
        )
        sent.success(PATH)
    except GatewayError as error:
        log.warning("%s: no message to who has scanned, %s", app.appid, error.code)


def _text(gateway: Gateway, app: App, scan: Scan) -> str:
    # Of all pushes only these need the steps of a sign-in.
    from runtime.broker.account_qr import scanned

    return scanned(gateway, app, scan.confirmation, scan.openid)
