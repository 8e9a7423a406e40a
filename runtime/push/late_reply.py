"""Late replies: a service's reply, sent to the user as a message of its own.

An account of WeChat sends a customer-service message, an app of WeCom an app message.

WeChat waits five seconds; it has its `success` by then. The reply becomes a job of its
own, so that it is sent once, whoever has asked the service:

    nothing was sent, such as without a connection   tried again while it is in time
    errcode 0                                        done
    another errcode, or an unknown outcome           a dead letter

Only one of both carries a reply: WeChat's request, or this message. Which one is
decided in Redis where they do not run in one process:

    gateway:push:{inbox}:carried:JOB    request, or message
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import (
    AnswerTooLarge,
    GatewayError,
    OutcomeUnknown,
    Overloaded,
    RateLimited,
    ServiceUnavailable,
    WeChatRefused,
    WeChatUnavailable,
)
from runtime.push.deliveries import Deliveries, Job, job_id_of
from runtime.push.message_fields import Fields, write_json
from runtime.push.passive_replies import (
    MESSAGES,
    Reply,
    Sender,
    articles_of,
    sender_for,
)
from runtime.push.push_message import Message
from runtime.push.queue_scripts import KEY
from runtime.push.relay import Undelivered
from runtime.registry.models import App
from runtime.registry.routes import CUSTOMER_SERVICE, Route
from runtime.state.redis_store import RedisStore, attempt_id
from runtime.upstream.answer import Answer

KIND = "late_reply"

PATH = "/cgi-bin/message/custom/send"

WECOM_PATH = "/cgi-bin/message/send"

_UNREACHED = ("invaliduser", "unlicenseduser")
"""Fields of WeCom's answer, with errcode 0, that name who gets nothing."""

EVENT_SECONDS, MESSAGE_SECONDS = 45.0, 60.0
"""Time after a push in which its reply may come; WeChat allows some events a minute."""

SEND_SECONDS = 10.0
"""Timeout of the call; an unknown outcome is a dead letter."""

REQUEST, MESSAGE = "request", "message"
"""Words for what carries a reply."""

Send = Callable[[App, bytes], Answer]
"""Calls WeChat for an account; raises what `Calls.send` does."""

_CARRIED_SECONDS = 300.0


def sends_late(route: Route, app: App) -> bool:
    """Tell whether a late reply is sent, by default where the account's kind may.

    Of WeCom only an app has messages, and a secret such as that of the contacts none.
    """
    if app.is_wecom and not app.agentid:
        return False
    if route.late_reply:
        return route.late_reply == CUSTOMER_SERVICE
    return app.is_wecom or app.kind in ("service", "miniprogram")


def path_of(app: App) -> str:
    """Return the path of the API to which the message is posted."""
    return WECOM_PATH if app.is_wecom else PATH


def seconds_for(message: Message) -> float:
    """Return how long after the push its reply may come."""
    is_event = message.msg_type.casefold() == "event"
    return EVENT_SECONDS if is_event else MESSAGE_SECONDS


def message_of(
    reply: Reply, sender: Sender, *, agentid: str = ""
) -> dict[str, Any] | None:
    """Return the message that says the same; None if none can.

    The reply of a robot of WeCom names nobody whom it could be sent to.
    """
    fields = reply.fields
    kind, user = fields.get("MsgType"), fields.get("ToUserName")
    if kind not in MESSAGES[sender] or not user:
        return None
    content = _CONTENTS[kind](fields)
    if sender == "miniprogram":
        content.pop("appid", None)
    if sender == "wecom" and kind == "news":
        content = {"articles": [_article(each) for each in articles_of(fields)]}
    app = {"agentid": int(agentid)} if agentid else {}
    return {"touser": user, **app, "msgtype": kind, kind: content}


def _message_of(app: App, reply: Reply) -> dict[str, Any] | None:
    return message_of(reply, sender_for(app), agentid=app.agentid)


class LateReplies:
    """Sender of late replies, with the Redis of pushes."""

    def __init__(
        self,
        store: RedisStore,
        deliveries: Deliveries,
        send: Send,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._send = send

    def carried_by(self, job_id: str, carrier: str) -> bool:
        """Tell whether the reply to this push is carried so; the first one decides."""
        key, value = f"{KEY}:carried:{job_id}", carrier.encode()
        if self._store.add(key, value, seconds=_CARRIED_SECONDS):
            return True
        return self._store.get(key) == value

    def store(
        self, app: App, job_id: str, reply: Reply, *, seconds: float, delay: float = 0.0
    ) -> bool:
        """Store the message for deliver; False if none can say the same.

        It is sent within so many seconds, or not at all, and after `delay` of them only
        if no request of WeChat carries the reply.
        """
        message = _message_of(app, reply)
        if message is None:
            return False
        payload = json.dumps({"message": message, "seconds": seconds, "push": job_id})
        self._deliveries.add(
            f"{app.appid}/{KIND}",
            KIND,
            payload,
            appid=app.appid,
            delay=delay,
            job_id=job_id_of(app.appid, f"late-{attempt_id()}"),
        )
        return True

    def send_now(self, app: App, reply: Reply) -> str:
        """Send the message at once; return why it was not taken, "" if it was."""
        message = _message_of(app, reply)
        if message is None:
            return "no_message"
        try:
            answer = self._send(app, write_json(message))
        except GatewayError as error:
            return error.code
        return _refusal(app, answer)

    def deliver(self, app: App, job: Job) -> None:
        """Send the message of a job; Undelivered with what WeChat says against it.

        A dead letter that an operator replays begins anew.
        """
        payload = json.loads(self._deliveries.payload(job))
        if self._store.time() > job.began + payload["seconds"]:
            raise _ended("too_late")
        if not self.carried_by(payload["push"], MESSAGE):
            return
        try:
            answer = self._send(app, write_json(payload["message"]))
        except (OutcomeUnknown, AnswerTooLarge):
            raise _ended("unknown") from None
        except GatewayError as error:  # no token, no room: the message was not sent
            if not isinstance(error, _UNSENT):
                raise _ended(error.code) from None
            raise Undelivered("wechat_away", spares=True) from None
        if reason := _refusal(app, answer):
            raise _ended(reason)


_UNSENT = (
    WeChatUnavailable,
    WeChatRefused,
    RateLimited,
    Overloaded,
    ServiceUnavailable,
)


def _ended(reason: str) -> Undelivered:
    return Undelivered(reason, was_sent=True, ends=True, spares=True)


def _refusal(app: App, answer: Answer) -> str:
    """Return why the platform has not taken the message, "" if it has."""
    if answer.errcode:
        return f"errcode_{answer.errcode}"
    if answer.status != 200:
        return f"status_{answer.status}"
    if not app.is_wecom:
        return ""
    try:
        content = answer.json()
    except WeChatUnavailable:
        return "unknown"
    return next((name for name in _UNREACHED if content.get(name)), "")


def _text(fields: Fields) -> dict[str, Any]:
    return {"content": fields["Content"]}


def _media(element: str) -> Callable[[Fields], dict[str, Any]]:
    return lambda fields: {"media_id": fields[element]["MediaId"]}


def _video(fields: Fields) -> dict[str, Any]:
    names = {"media_id": "MediaId", "thumb_media_id": "ThumbMediaId"}
    return _named(fields["Video"], {**names, **_WORDS})


def _music(fields: Fields) -> dict[str, Any]:
    music = fields["Music"]
    music.setdefault("MusicUrl", music.get("MusicURL", ""))
    names = {"musicurl": "MusicUrl", "hqmusicurl": "HQMusicUrl"}
    found = _named(music, {**_WORDS, **names, "thumb_media_id": "ThumbMediaId"})
    # WeChat wants both.
    found.setdefault("hqmusicurl", found.get("musicurl", ""))
    found.setdefault("musicurl", found["hqmusicurl"])
    return found


def _news(fields: Fields) -> dict[str, Any]:
    # Of several articles WeChat shows the first one only, here as in a passive reply.
    return {"articles": [_article(articles_of(fields)[0])]}


def _article(fields: Fields) -> dict[str, Any]:
    return _named(fields, {**_WORDS, "url": "Url", "picurl": "PicUrl"})


def _page(fields: Fields) -> dict[str, Any]:
    names = {"title": "Title", "appid": "AppId", "pagepath": "PagePath"}
    return _named(fields, {**names, "thumb_media_id": "ThumbMediaId"})


def _named(fields: Fields, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        ours: fields[theirs]
        for ours, theirs in names.items()
        if isinstance(fields.get(theirs), str) and fields[theirs]
    }


_WORDS = {"title": "Title", "description": "Description"}

_CONTENTS: Mapping[str, Callable[[Fields], dict[str, Any]]] = {
    "text": _text,
    "image": _media("Image"),
    "voice": _media("Voice"),
    "video": _video,
    "music": _music,
    "news": _news,
    "miniprogrampage": _page,
}
