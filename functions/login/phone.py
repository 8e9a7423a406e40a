"""The phone's side of a sign-in on a computer: opened by the QR code, inside WeChat.

A GET confirms nothing and uses nothing up, since WeChat fetches addresses to preview
them. The phone is never signed in by this: its flow only tells whose phone it is.
"""

from __future__ import annotations

from typing import Any

from runtime.broker.admission import check_admitted
from runtime.broker.client_brand import brand_of
from runtime.broker.finish import FlowEnd, client_of_flow
from runtime.broker.outcomes import ACCOUNT_QR, PAGE_QR
from runtime.crypto.encoding import sha256_hex
from runtime.errors import (
    BadRequest,
    ConfirmationFailed,
    ConfirmedElsewhere,
    FlowExpired,
    NotAdmitted,
    QrCodeExpired,
    SameBrowser,
)
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.subjects import SubjectMissing, subject_of
from runtime.sign_in.confirmations import (
    CONFIRMED,
    EXPIRED,
    FAILED,
    REFUSED,
    USED,
    WAITING,
    Confirmation,
)
from runtime.sign_in.flows import Flow
from runtime.web.browsers import Browser, browser_of
from runtime.web.messages import Request, Response, redirect, single
from runtime.web.next_url import DEFAULT_NEXT


def scan(request: Request, gateway: Gateway, id_: str) -> Response:
    """Answer GET /login/scan/{id}: inside WeChat, ask whose phone it is."""
    found = gateway.confirmations.find(id_)
    if found is None or found.state not in (WAITING, CONFIRMED):
        raise QrCodeExpired
    if found.asked.account_qr:  # its QR code has another text, and leads elsewhere
        raise QrCodeExpired
    if gateway.flows.cookies.has(request, found.asked.browser):
        raise SameBrowser
    language = language_of(request)
    if browser_of(request) is not Browser.WECHAT:
        from runtime.pages.confirmation_pages import phone_elsewhere

        return phone_elsewhere(language, https=gateway.settings.secure)
    gateway.limits.sign_in(request)
    flow = Flow(
        next=DEFAULT_NEXT,
        appids=(found.asked.appid,),
        language=language,
        scope=found.asked.scope,
        confirmation=id_,
        client_id=found.asked.client_id,
    )
    app = gateway.registry.app(found.asked.appid)
    if app is None:
        raise QrCodeExpired
    FlowEnd("", flow, app, client_of_flow(gateway, flow)).check(gateway.registry)
    started = gateway.flows.start(flow, request)
    url = gateway.sign_in.authorize_url(app, started.state, scope=flow.scope)
    return redirect(url).with_headers(started.cookie)


def phone(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login/phone: the question, the digits, or what became of it."""
    state = request.argument("flow")
    flow, user, found = _flow_of(request, gateway, state)
    language, https = _language(request, flow), gateway.settings.secure
    if found.state == EXPIRED:
        raise QrCodeExpired
    if found.state == FAILED:
        raise ConfirmationFailed
    if found.state == WAITING:
        if (refused := _refused(request, gateway, flow, user, found)) is not None:
            return refused
        return _question(request, gateway, flow, user, found)
    if found.by != _named(user):
        raise QrCodeExpired if found.state == REFUSED else ConfirmedElsewhere
    from runtime.pages.confirmation_pages import phone_digits, phone_notice

    if found.state in (USED, REFUSED) or found.asked.tap:
        return phone_notice(language, found.state, https=https)
    return phone_digits(
        language,
        flow=state or "",
        digits=found.digits,
        address=gateway.settings.public_base_url,
        https=https,
    )


def answer(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/phone: confirm or refuse, then show what became of it."""
    state = single(request.form, "flow")
    flow, user, found = _flow_of(request, gateway, state)
    answered, by = single(request.form, "answer"), _named(user)
    if answered == "refuse":
        gateway.confirmations.refuse(flow.confirmation, by=by)
    elif answered != "confirm":
        raise BadRequest
    elif found.state == WAITING:
        if (refused := _refused(request, gateway, flow, user, found)) is not None:
            return refused
        gateway.limits.confirmation(by)
        gateway.confirmations.confirm(flow.confirmation, by=by, user=user)
    return redirect(f"/login/phone?flow={state}")


def _flow_of(
    request: Request, gateway: Gateway, state: str | None
) -> tuple[Flow, Any, Confirmation]:
    """Return the phone's flow, its user, and what is to be confirmed."""
    flow = gateway.flows.find(state)
    if state is None or not flow.confirmation:
        raise FlowExpired
    if flow.browser:
        gateway.flows.check_browser(flow, state, request)
    # Else only the chat of the service account, with this user alone, has the state.
    user = gateway.flows.profile(state)
    found = gateway.confirmations.find(flow.confirmation)
    if found is None:
        raise QrCodeExpired
    return flow, user, found


def _refused(
    request: Request, gateway: Gateway, flow: Flow, user: Any, found: Confirmation
) -> Response | None:
    """Return the page for a user whom the client does not admit, else None.

    It is on the phone alone: the computer waits on and learns nothing of the user, and
    another user may scan.
    """
    client = client_of_flow(gateway, flow)
    app = gateway.registry.app(found.asked.appid)
    if client is None or app is None:
        return None
    try:
        sub = subject_of(app, user["wechat_openid"], user["wechat_unionid"])
        way = ACCOUNT_QR if found.asked.account_qr else PAGE_QR
        check_admitted(gateway, client, sub, user, way=way)
    except SubjectMissing:
        return None  # the computer tells what is wrong with the app
    except NotAdmitted as error:
        from runtime.pages.pages import not_admitted

        return not_admitted(
            _language(request, flow),
            reference=error.reference,
            client_name=client.name,
            brand=brand_of(client),
            start_again=None,
            back=None,
            https=gateway.settings.secure,
        )
    return None


def _question(
    request: Request, gateway: Gateway, flow: Flow, user: Any, found: Confirmation
) -> Response:
    from runtime.pages.confirmation_pages import phone_question

    client = client_of_flow(gateway, flow)
    return phone_question(
        _language(request, flow),
        flow=request.argument("flow") or "",
        client_name=client.name if client else "",
        brand=brand_of(client),
        user_name=str(user.get("name") or ""),
        device=found.asked.device,
        place=found.asked.place,
        minutes=found.age // 60,
        https=gateway.settings.secure,
    )


def _language(request: Request, flow: Flow) -> str:
    return flow.language or language_of(request)


def _named(user: Any) -> str:
    """Return what names the user in a confirmation, on whichever phone."""
    return sha256_hex(f"{user['wechat_appid']}|{user['wechat_openid']}")
