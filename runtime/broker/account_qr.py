"""The QR code that a service account makes, by which a computer signs in.

The code has a scene of ours. WeChat pushes the scene with the openid of whoever scans
it, and the account answers in its chat: with four digits to type on the computer, or,
where the client wants no digits, with a link to our page that asks. As with the QR code
of our own address, the scan itself signs nobody in.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from runtime.broker.admission import check_admitted
from runtime.broker.outcomes import ACCOUNT_QR
from runtime.broker.page_qr import asked_of
from runtime.crypto.encoding import sha256_hex
from runtime.errors import (
    AccountQrUnavailable,
    GatewayError,
    NotAdmitted,
    OutcomeUnknown,
    RateLimited,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.gateway import Gateway
from runtime.registry.models import App, Client
from runtime.registry.sign_in_apps import PAGE_KIND, SILENT
from runtime.registry.subjects import SubjectMissing, subject_of
from runtime.sign_in.confirmations import (
    CONFIRMED,
    EXPIRED,
    OPEN_SECONDS,
    WAITING,
    Asked,
    Confirmation,
    confirmation_id,
)
from runtime.sign_in.flows import Flow, StartedFlow
from runtime.sign_in.scenes import scene_of
from runtime.web.messages import Request
from runtime.web.next_url import DEFAULT_NEXT

log = logging.getLogger("gateway.sign_in")

CREATE = "/cgi-bin/qrcode/create"

INFO = "/cgi-bin/user/info"

INFO_SECONDS = 2.5
"""How long WeChat may take to tell the unionid: it waits 5 s for our answer itself."""

_NO_PERMISSION = 48001

_LONGEST_TEXT = 256


def check_account(app: App | None) -> App:
    """Return the account if it can make QR codes for sign-ins.

    Else AccountQrUnavailable; the log says what is missing. Only of an encrypted push
    is it certain who has scanned.
    """
    if app is None or app.kind != PAGE_KIND:
        raise _unavailable("-", "the client has no service account")
    if not app.takes_pushes or not app.encoding_aes_key:
        raise _unavailable(app.appid, "it needs the token and the AES key of pushes")
    return app


def begin_by_account(
    request: Request,
    gateway: Gateway,
    started: StartedFlow,
    *,
    client: Client,
    app: App,
    language: str,
) -> Confirmation:
    """Begin the confirmation of a flow with a new QR code, if it has not begun.

    AccountQrUnavailable if the account makes none.
    """
    id_ = confirmation_id(started.state)
    found = gateway.confirmations.find(id_)
    if found is not None:
        return found
    check_account(app)
    with gateway.sign_ins_in_flight.counted(client.client_id):
        scene = scene_of(gateway.settings.public_base_url, id_)
        text = _created(gateway, app, scene)
    asked = asked_of(request, gateway, started, client=client, app=app, scope=None)
    asked = replace(asked, account_qr=text, language=language)
    return gateway.confirmations.start(id_, asked)


def scanned(gateway: Gateway, app: App, id_: str, openid: str) -> str:
    """Return the account's message to whoever has scanned; the same if asked again.

    It has the digits, or the link to the question, or says why there are none.
    """
    # Only what is shown to a user needs it.
    from runtime.pages.account_messages import digits_message, notice, question_message

    found = gateway.confirmations.find(id_)
    if found is None or not found.asked.account_qr or found.asked.appid != app.appid:
        return notice("zh_CN", EXPIRED)
    asked, by = found.asked, _named(app, openid)
    language = asked.language or "zh_CN"
    client = gateway.registry.client(asked.client_id)
    if client is None or client.disabled:
        return notice(language, EXPIRED)
    if gateway.registry.scopes_of(client, app.appid) is None:
        return notice(language, EXPIRED)
    if found.state == WAITING:
        try:
            with gateway.sign_ins_in_flight.counted(client.client_id):
                user = _profile(gateway, app, openid)
            _check_admitted(gateway, client, app, user)
            if asked.tap:
                url = _question(gateway, app, id_, asked, user)
                return question_message(language, **_facts(client, asked), url=url)
            gateway.limits.confirmation(by)
        except NotAdmitted as error:
            return notice(language, "not_admitted", reference=error.reference)
        except RateLimited:
            return notice(language, "too_often")
        except ServiceUnavailable:
            raise  # WeChat sends the push again
        except GatewayError as error:
            log.warning("%s: no sign-in by a scan, %s", app.appid, error.code)
            return notice(language, "failed_here")
        found = gateway.confirmations.confirm(id_, by=by, user=user) or found
    if found.state == CONFIRMED and found.by == by and not asked.tap:
        return digits_message(
            language,
            **_facts(client, asked),
            digits=found.digits,
            address=gateway.settings.public_base_url,
        )
    if found.by and found.by != by:
        return notice(language, "elsewhere")
    return notice(language, found.state)


def _unavailable(appid: str, reason: str) -> AccountQrUnavailable:
    log.error("%s: makes no QR codes for sign-ins, %s", appid, reason)
    return AccountQrUnavailable()


def _created(gateway: Gateway, app: App, scene: str) -> str:
    """Return the text of a new QR code with this scene."""
    content = {
        "expire_seconds": OPEN_SECONDS,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": scene}},
    }
    try:
        answer = gateway.calls.send(
            app,
            "POST",
            CREATE,
            headers={"Content-Type": "application/json"},
            body=json.dumps(content).encode(),
            seconds=gateway.wechat.seconds,
            own=True,
        )
        text = answer.success(CREATE).get("url")
    except OutcomeUnknown:
        # A code that nobody sees does no harm: the user may try again.
        raise WeChatTimeout from None
    except WeChatRefused as error:
        if error.errcode != _NO_PERMISSION:
            raise
        raise _unavailable(app.appid, "it is no verified service account") from None
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_TEXT:
        raise WeChatUnavailable
    return text


def _profile(gateway: Gateway, app: App, openid: str) -> dict[str, Any]:
    """Return the profile of a follower: WeChat tells neither name nor picture."""
    target = f"{INFO}?{urlencode({'openid': openid, 'lang': 'zh_CN'})}"
    answer = gateway.calls.send(app, "GET", target, seconds=INFO_SECONDS, own=True)
    answered = answer.success(INFO)
    if answered.get("openid") != openid:
        raise WeChatUnavailable
    return {
        "name": "",
        "picture": None,
        "wechat_openid": openid,
        "wechat_unionid": answered.get("unionid") or None,
        "wechat_appid": app.appid,
        "wechat_scope": SILENT,
    }


def _check_admitted(
    gateway: Gateway, client: Client, app: App, user: Mapping[str, Any]
) -> None:
    # Without a unionid the computer tells what is wrong with the app.
    with suppress(SubjectMissing):
        sub = subject_of(app, user["wechat_openid"], user["wechat_unionid"])
        check_admitted(gateway, client, sub, way=ACCOUNT_QR)


def _question(
    gateway: Gateway, app: App, id_: str, asked: Asked, user: Mapping[str, Any]
) -> str:
    """Return the URL of our page that asks; only the account's chat has it."""
    flow = Flow(
        next=DEFAULT_NEXT,
        appids=(app.appid,),
        language=asked.language,
        confirmation=id_,
        client_id=asked.client_id,
    )
    state = gateway.flows.start_unbound(flow)
    gateway.flows.keep_profile(state, user)
    return f"{gateway.settings.public_base_url}/login/phone?flow={state}"


def _facts(client: Client, asked: Asked) -> dict[str, Any]:
    return {
        "client_name": client.name,
        "device": asked.device,
        "place": asked.place,
        "at": asked.at,
    }


def _named(app: App, openid: str) -> str:
    return sha256_hex(f"{app.appid}|{openid}")
