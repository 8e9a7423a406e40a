"""Checks that every push passes, own or a component's, and how a refusal is told.

The answers tell a stranger nothing: why a push is refused stands in the log and in the
counts.
"""

from __future__ import annotations

import logging
from typing import NoReturn

from runtime.errors import BadRequest, NotFound
from runtime.gateway import Gateway
from runtime.push.encryption import key_of
from runtime.push.last_seen import NO_TOKEN, What
from runtime.push.receiving import PushRefused, PushSecrets
from runtime.push.wecom_pushes import receive_ids_of
from runtime.registry.models import App
from runtime.usage.metrics import PUSHES, counted
from runtime.web.messages import Request, Response

log = logging.getLogger("gateway.push")

NO_STORE = ("Cache-Control", "no-store")

PLAIN = (("Content-Type", "text/plain"), NO_STORE)

SUCCESS = Response(200, PLAIN, b"success")

NOBODY = "-"
"""The client in the counts: it is WeChat that calls."""


def secrets_of(app: App) -> PushSecrets:
    """Return the push secrets of an app or a component."""
    tokens = (app.token, app.previous_token)
    keys = (app.encoding_aes_key, app.previous_encoding_aes_key)
    return PushSecrets(
        [each for each in tokens if each],
        [key_of(each) for each in keys if each],
        receive_ids_of(app) if app.is_wecom else {app.appid},
    )


def query_of(request: Request) -> dict[str, str]:
    """Return the query; BadRequest if a name stands in it twice."""
    named = request.arguments
    query = dict(named)
    if len(query) < len(named):  # two readers could take different ones
        raise BadRequest
    return query


def refusal(
    request: Request, gateway: Gateway, app: App, refused: PushRefused
) -> Response:
    """Return the answer to a refused push, and log and count why.

    A receiver that is not that of an app of WeCom is named: it may be missing here.
    """
    reason: str = refused.reason
    if app.is_wecom and refused.receiver:
        reason = f"{reason} {refused.receiver}"
    log.warning("%s %s: refused, %s", request.request_id, app.appid, reason)
    count(gateway, app, refused.reason)
    what: What = "check" if request.method == "GET" else "refused"
    gateway.last_seen.note(app.appid, what, reason)
    is_unreadable = refused.reason == "unreadable" and not app.is_wecom
    status = 400 if is_unreadable else 403
    return Response(status, PLAIN, str(status).encode())


def refuse_without_token(gateway: Gateway, app: App) -> NoReturn:
    """Raise NotFound for an app that takes no pushes, and note that one came."""
    gateway.last_seen.note(app.appid, "refused", NO_TOKEN)
    raise NotFound


def count(gateway: Gateway, app: App, outcome: str) -> None:
    """Count what came of a push."""
    gateway.counters.add(
        NOBODY,
        app.appid,
        f"/wechat_event/{outcome}",
        errcode=0,
        measures=counted(PUSHES, app.appid, outcome),
    )
