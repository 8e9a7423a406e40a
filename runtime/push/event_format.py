"""Route format `event`: a push as a CloudEvent, signed as Standard Webhooks say.

    POST URL
    Content-Type: application/cloudevents+json
    webhook-id: 5d41...              that of the event, the same with every attempt
    webhook-timestamp: 1796000180    of this attempt
    webhook-signature: v1,BASE64     HMAC-SHA256 of ID.TIMESTAMP.BODY

    {"specversion": "1.0", "id": "5d41...", "source": ".../wechat_event/wx...",
     "type": "com.weixin.message.text", "time": "2026-11-30T01:36:20Z",
     "subject": "oUser...", "datacontenttype": "application/json",
     "data": {"MsgType": "text", "Content": "hello", ...}}

Such a route does not reply: what it answers is read no further than its status.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime, timezone
from typing import Any

from runtime.push.inbox import digest_of
from runtime.push.message_fields import read_fields, write_json
from runtime.push.push_message import Message
from runtime.push.wechat_format import RouteRequest
from runtime.registry.routes import Route

CONTENT_TYPE = "application/cloudevents+json"

PREFIX = "com.weixin"

WECOM_PREFIX = f"{PREFIX}.work"

_SECRET = "whsec_"
_UNUSUAL = re.compile(r"[^a-z0-9_.-]")
_SECONDS = re.compile(r"[0-9]{1,11}")


def event_request(
    route: Route,
    message: Message,
    *,
    appid: str,
    source: str,
    now: float,
    of_wecom: bool = False,
) -> RouteRequest:
    """Return the request that carries the push as a signed event.

    `source` is the URL to which the platform has sent it.
    """
    event = event_of(message, appid=appid, source=source, of_wecom=of_wecom)
    body = write_json(event)
    headers = {
        "Content-Type": CONTENT_TYPE,
        **signed_headers(route.secret, event["id"], body, now=now),
    }
    return RouteRequest(route.url, headers, body)


def event_of(
    message: Message, *, appid: str, source: str, of_wecom: bool = False
) -> dict[str, Any]:
    """Return the CloudEvent of a push to the app; of equal pushes it is the same."""
    event = {
        "specversion": "1.0",
        "id": digest_of(appid, message.body)[:32],
        "source": source,
        "type": type_of(message, of_wecom=of_wecom),
    }
    time = _time(message.get("CreateTime", "TimeStamp"))
    if time:
        event["time"] = time
    if message.openid:
        event["subject"] = message.openid
    event["datacontenttype"] = "application/json"
    return {**event, "data": read_fields(message)}


def type_of(message: Message, *, of_wecom: bool = False) -> str:
    """Return the event's type, in small letters.

    `com.weixin.message.MSGTYPE`, `com.weixin.event.EVENT`, and of what an open platform
    tells `com.weixin.component.INFOTYPE`; of WeCom with `com.weixin.work` in front.
    """
    if message.info_type:
        words = ["component", message.info_type]
    elif message.msg_type.lower() == "event":
        words = ["event", message.event]
    else:
        words = ["message", message.msg_type]
    named = [_UNUSUAL.sub("_", each.lower()) for each in words if each]
    return ".".join((WECOM_PREFIX if of_wecom else PREFIX, *named))


def signed_headers(secret: str, id_: str, body: bytes, *, now: float) -> dict[str, str]:
    """Return the three headers of Standard Webhooks; ValueError for a bad secret."""
    timestamp = str(int(now))
    signed = b".".join((id_.encode(), timestamp.encode(), body))
    digest = hmac.digest(_key_of(secret), signed, hashlib.sha256)
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key_of(secret: str) -> bytes:
    encoded = secret[len(_SECRET) :] if secret.startswith(_SECRET) else ""
    try:  # the padding may be left out
        key = binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("secret: whsec_ and base64")
    return key


def _time(seconds: str) -> str:
    if not _SECONDS.fullmatch(seconds):
        return ""
    moment = datetime.fromtimestamp(int(seconds), timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
