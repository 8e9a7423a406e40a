"""Pushes of an app: the check of its callback URL, and every message and event.

The answers tell a stranger nothing: why a push is refused stands in the log and in the
counts.
"""

from __future__ import annotations

import logging

from runtime.errors import BadRequest, NotFound
from runtime.gateway import Gateway
from runtime.push.encryption import key_of
from runtime.push.inbox import InboxFull
from runtime.push.receiving import (
    PushRefused,
    PushSecrets,
    answer_to_check,
    receive,
)
from runtime.registry.models import App
from runtime.web.messages import Request, Response

log = logging.getLogger("gateway.push")

_PLAIN = (("Content-Type", "text/plain"), ("Cache-Control", "no-store"))

NOBODY = "-"
"""The client in the counts: it is WeChat that calls."""


def check(request: Request, gateway: Gateway, appid: str) -> Response:
    """Return the echostr to a signed request; it needs the app's document only."""
    app = _app(gateway, appid)
    try:
        echostr = answer_to_check(
            _query(request),
            _secrets(app),
            now=gateway.clock(),
            age=gateway.settings.push_age_seconds,
        )
    except PushRefused as refused:
        return _refusal(request, gateway, app, refused)
    return Response(200, _PLAIN, echostr.encode())


def take(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer `success` to a push that is stored, or was stored before."""
    app = _app(gateway, appid)
    try:
        # The age is compared where the push is stored, by Redis' clock.
        received = receive(
            _query(request), request.body, _secrets(app), now=0.0, age=float("inf")
        )
        is_new = gateway.inbox.store(app.appid, received)
    except PushRefused as refused:
        return _refusal(request, gateway, app, refused)
    except InboxFull:
        _count(gateway, app, "full")
        raise
    _count(gateway, app, "stored" if is_new else "equal")
    return Response(200, _PLAIN, b"success")


def _app(gateway: Gateway, appid: str) -> App:
    app = gateway.registry.app(appid)
    if app is None or not app.takes_pushes:
        raise NotFound
    return app


def _secrets(app: App) -> PushSecrets:
    tokens = (app.token, app.previous_token)
    keys = (app.encoding_aes_key, app.previous_encoding_aes_key)
    return PushSecrets(
        [each for each in tokens if each],
        [key_of(each) for each in keys if each],
        {app.appid},
    )


def _query(request: Request) -> dict[str, str]:
    named = request.arguments
    query = dict(named)
    if len(query) < len(named):  # two readers could take different ones
        raise BadRequest
    return query


def _refusal(
    request: Request, gateway: Gateway, app: App, refused: PushRefused
) -> Response:
    log.warning("%s %s: refused, %s", request.request_id, app.appid, refused.reason)
    _count(gateway, app, refused.reason)
    status = 400 if refused.reason == "unreadable" else 403
    return Response(status, _PLAIN, str(status).encode())


def _count(gateway: Gateway, app: App, outcome: str) -> None:
    gateway.counters.add(NOBODY, app.appid, f"/wechat_event/{outcome}", errcode=0)
