"""Pushes of an app, of WeChat or WeCom: the check of its URL, messages and events."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from functions.wechat_event.checked import (
    PLAIN,
    SUCCESS,
    count,
    query_of,
    refusal,
    refuse_without_token,
    secrets_of,
)
from functions.wechat_event.replies import replied
from functions.wechat_event.sign_in_scans import answer, scan_of, send
from runtime.entry.nudge import STARTED, nudge
from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.push.budgets import InboxFull
from runtime.push.last_seen import ACCEPTED
from runtime.push.receiving import (
    PushRefused,
    Received,
    answer_to_check,
    answer_to_encrypted_check,
    receive,
)
from runtime.push.routes import matching
from runtime.registry.models import App
from runtime.web.messages import Request, Response


def check(request: Request, gateway: Gateway, appid: str) -> Response:
    """Return the echostr to a signed request; it needs the app's document only.

    WeCom's is encrypted, and comes before the setting is saved.
    """
    app = _app(gateway, appid)
    query, secrets = query_of(request), secrets_of(app)
    now, age = gateway.clock(), gateway.settings.push_age_seconds
    try:
        if app.is_wecom:
            echostr = answer_to_encrypted_check(query, secrets, now=now, age=age)
        else:
            echostr = answer_to_check(query, secrets, now=now, age=age).encode()
    except PushRefused as refused:
        return refusal(request, gateway, app, refused)
    gateway.last_seen.note(app.appid, "check", ACCEPTED)
    return Response(200, PLAIN, echostr)


def take(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer a push with the reply of the app's service, else with `success`.

    It is stored before, or was stored when it came first. To a scan of ours we reply
    ourselves, unless it is a follow that a service may answer.
    """
    app = _app(gateway, appid)
    try:
        # The age is compared where the push is stored, by Redis' clock.
        received = receive(
            query_of(request),
            request.body,
            secrets_of(app),
            now=0.0,
            age=float("inf"),
        )
        received = replace(received, of_wecom=app.is_wecom)
        return answered(request, gateway, app, received, owner=appid)
    except PushRefused as refused:
        return refusal(request, gateway, app, refused)


def answered(
    request: Request,
    gateway: Gateway,
    app: App,
    received: Received,
    *,
    owner: str,
) -> Response:
    """Return the answer to a push of an account, once it is stored.

    `owner` is the document that has the account's routes. Raises what `Inbox.store`
    does.
    """
    scan = scan_of(gateway, received)
    is_ours = scan is not None and not scan.follows
    matched = matching(
        () if is_ours else app.routes,
        received.message,
        client=gateway.registry.client,
        of_wecom=received.of_wecom,
    )
    try:
        taken = gateway.asking.take(
            app,
            received,
            matched,
            owner=owner,
            wake=partial(_wake, request, gateway, at_once=True),
            wake_for_copies=partial(_wake, request, gateway, at_once=False),
        )
    except InboxFull:
        count(gateway, app, "full")
        if scan is None:
            raise
        return answer(gateway, app, received, scan)
    count(gateway, app, "stored" if taken.stored.is_new else "equal")
    if taken.outcome:
        count(gateway, app, taken.outcome)
    if scan and matched.replier is None:
        # The same to an equal push: WeChat repeats it where our answer was lost.
        return answer(gateway, app, received, scan)
    if scan and taken.stored.is_new:
        send(gateway, app, scan)
    if taken.reply is None:
        return SUCCESS
    return replied(gateway, received, taken.reply)


def _wake(request: Request, gateway: Gateway, *, at_once: bool) -> bool:
    return nudge(request.context, gateway, at_once=at_once) == STARTED


def _app(gateway: Gateway, appid: str) -> App:
    app = gateway.registry.own_app(appid)
    if app is None:
        raise NotFound
    if not app.takes_pushes:
        refuse_without_token(gateway, app)
    return app
