"""Pushes of an app: the check of its callback URL, and every message and event."""

from __future__ import annotations

from functions.wechat_event.checked import (
    PLAIN,
    SUCCESS,
    count,
    query_of,
    refusal,
    refuse_without_token,
    secrets_of,
)
from functions.wechat_event.sign_in_scans import answer, scan_of
from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.push.budgets import InboxFull
from runtime.push.last_seen import ACCEPTED
from runtime.push.receiving import PushRefused, answer_to_check, receive
from runtime.registry.models import App
from runtime.web.messages import Request, Response


def check(request: Request, gateway: Gateway, appid: str) -> Response:
    """Return the echostr to a signed request; it needs the app's document only."""
    app = _app(gateway, appid)
    try:
        echostr = answer_to_check(
            query_of(request),
            secrets_of(app),
            now=gateway.clock(),
            age=gateway.settings.push_age_seconds,
        )
    except PushRefused as refused:
        return refusal(request, gateway, app, refused)
    gateway.last_seen.note(app.appid, "check", ACCEPTED)
    return Response(200, PLAIN, echostr.encode())


def take(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer `success` to a push that is stored, or was stored before."""
    app, scan = _app(gateway, appid), None
    try:
        # The age is compared where the push is stored, by Redis' clock.
        received = receive(
            query_of(request),
            request.body,
            secrets_of(app),
            now=0.0,
            age=float("inf"),
        )
        scan = scan_of(gateway, received)
        is_new = gateway.inbox.store(app.appid, received)
    except PushRefused as refused:
        return refusal(request, gateway, app, refused)
    except InboxFull:
        count(gateway, app, "full")
        if scan is None:
            raise
    else:
        count(gateway, app, "stored" if is_new else "equal")
    if scan is not None:
        # The same to an equal push: WeChat repeats it where our answer was lost.
        return answer(gateway, app, received, scan)
    return SUCCESS


def _app(gateway: Gateway, appid: str) -> App:
    app = gateway.registry.own_app(appid)
    if app is None:
        raise NotFound
    if not app.takes_pushes:
        refuse_without_token(gateway, app)
    return app
