"""Messages of accounts that have authorised a component, at the component's URL.

They are encrypted with the component's key for the component; which account a message
is of is in the path, and again in the message itself.
"""

from __future__ import annotations

import json

from functions.wechat_event.checked import (
    PLAIN,
    count,
    query_of,
    refusal,
    secrets_of,
)
from functions.wechat_event.component import component_of
from functions.wechat_event.pushes import answered
from functions.wechat_event.replies import replied_text
from runtime.crypto.encoding import sha256_hex
from runtime.entry.nudge import nudge
from runtime.errors import ServiceUnavailable, WeChatRefused
from runtime.gateway import Gateway
from runtime.push.deliveries import job_id_of
from runtime.push.push_message import Message
from runtime.push.receiving import PushRefused, Received, receive
from runtime.registry.models import App
from runtime.web.messages import Request, Response
from runtime.wechat.component_errors import NOT_AUTHORIZED
from runtime.wechat.release_check import (
    KIND,
    USER_NAMES,
    CheckMessage,
    Step,
    step_of,
)


def take_message(
    request: Request, gateway: Gateway, component_appid: str, appid: str
) -> Response:
    """Answer a message of an account: as its service does, else with `success`."""
    component = component_of(gateway, component_appid)
    try:
        received = receive(
            query_of(request),
            request.body,
            secrets_of(component),
            now=gateway.redis_store.time(),
            age=gateway.settings.push_age_seconds,
        )
        message = received.message
        if message.to_user != _user_name(gateway, component, appid):
            raise PushRefused("account")
        step = step_of(
            appid,
            msg_type=message.msg_type,
            content=message.content,
            event=message.event,
        )
        if step:
            return _check(request, gateway, component, appid, received, step)
        app = _account(gateway, appid)
        has_document = gateway.registry.own_app(appid) is not None
        return answered(
            request,
            gateway,
            app,
            received,
            owner=appid if has_document else component.appid,
        )
    except PushRefused as refused:
        return refusal(request, gateway, component, refused)


def _user_name(gateway: Gateway, component: App, appid: str) -> str:
    """Return the user name of an account that has authorised the component.

    PushRefused if it has not. Where it is not known, WeChat is asked, and what stands
    there is written: an authorisation that was lost is found by its messages, too.
    """
    if appid in USER_NAMES:
        return USER_NAMES[appid]
    known = gateway.registry.authorizer(component.appid, appid)
    if known and not known.stands:
        raise PushRefused("account")
    if known is None or not known.user_name:
        try:
            known = gateway.authorizer_list.fill_one(component, appid)
        except WeChatRefused as refused:
            if refused.errcode == NOT_AUTHORIZED:
                raise PushRefused("account") from None
            raise ServiceUnavailable from None
    if known is None or not known.user_name:
        raise PushRefused("account")
    return known.user_name


def _account(gateway: Gateway, appid: str) -> App:
    app = gateway.registry.app(appid)
    if app is None:  # it was written a moment ago
        raise ServiceUnavailable
    return app


def _check(
    request: Request,
    gateway: Gateway,
    component: App,
    appid: str,
    received: Received,
    step: Step,
) -> Response:
    """Answer a step of the full-release check; deliver sends what goes out later."""
    count(gateway, component, KIND)
    message = received.message
    if step.reply:
        return replied_text(gateway, received, step.reply)
    sent = CheckMessage(
        component.appid,
        appid,
        message.openid,
        step.message,
        step.code,
        received.timestamp,
    )
    gateway.deliveries.add(
        f"{component.appid}/{KIND}",
        KIND,
        sent.as_text(),
        appid=component.appid,
        job_id=_job_id(component, appid, message),
    )
    nudge(request.context, gateway, at_once=True)
    return Response(200, PLAIN, b"")


def _job_id(component: App, appid: str, message: Message) -> str:
    # A message that comes again is sent once.
    parts = json.dumps([appid, message.openid, message.content, message.get("MsgId")])
    return job_id_of(component.appid, f"{KIND}-{sha256_hex(parts)[:32]}")
