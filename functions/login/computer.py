"""The computer's side of a sign-in that is confirmed on a phone.

Its page shows the QR code and asks whether a phone has confirmed. Then the user types
the four digits that the phone shows. All of it is bound to the browser that began, by
the cookie of its flow.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import partial

from runtime.broker.account_qr import begin_by_account
from runtime.broker.client_answer import target_of_refusal
from runtime.broker.client_brand import brand_of
from runtime.broker.finish import (
    FlowEnd,
    client_of_flow,
    continuation,
    finish,
    start_of,
)
from runtime.broker.outcomes import count_error
from runtime.broker.page_qr import begin, shown, wait_url
from runtime.broker.start import url_at_wecom
from runtime.entry.dialects import ErrorInDialect, PageLinks, web_dialect
from runtime.errors import (
    ConfirmationFailed,
    ConfirmationRefused,
    FlowExpired,
    GatewayError,
    QrCodeExpired,
)
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import App, home_of
from runtime.registry.sign_in_apps import PAGE_KIND
from runtime.sign_in.confirmations import (
    CONFIRMED,
    EXPIRED,
    FAILED,
    REFUSED,
    USED,
    WAITING,
    Confirmation,
    confirmation_id,
)
from runtime.sign_in.flows import Flow, StartedFlow
from runtime.sign_in.sessions import ACCOUNT_QR, PAGE_QR
from runtime.web.browsers import Browser
from runtime.web.messages import Request, Response, json_response, redirect, single

_ENDS: dict[str, type[GatewayError]] = {
    REFUSED: ConfirmationRefused,
    FAILED: ConfirmationFailed,
    EXPIRED: QrCodeExpired,
}


def wait(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login/wait: the QR code, the form for the digits, or why it ended.

    A script asks for JSON, which changes nothing. Where the client wants no digits the
    page itself ends the flow once the phone has confirmed, as a callback does.
    """
    end = _end_of(request, gateway, request.argument("flow"))
    try:
        return _as_it_stands(request, gateway, end)
    except GatewayError as error:
        count_error(gateway, end.flow.way, error)
        raise _on_page(error, gateway, end) from error


def type_digits(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/wait: sign in by the digits that the phone shows."""
    end = _end_of(request, gateway, single(request.form, "flow"))
    # Chinese input methods type digits of full width.
    typed = unicodedata.normalize("NFKC", single(request.form, "digits") or "")
    digits = "".join(typed.split())
    try:
        if len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
            return _form(request, gateway, end, wrong=True, found=None)
        return _signed_in(request, gateway, end, digits)
    except GatewayError as error:
        count_error(gateway, end.flow.way, error)
        raise _on_page(error, gateway, end) from error


def _end_of(request: Request, gateway: Gateway, state: str | None) -> FlowEnd:
    """Return the flow that this browser began; its client may still sign users in."""
    flow = gateway.flows.find(state)
    app = next(
        (
            app
            for app in map(gateway.registry.app, flow.appids)
            if app and app.kind == PAGE_KIND
        ),
        None,
    )
    if state is None or app is None or flow.confirmation:
        raise FlowExpired
    end = FlowEnd(state, flow, app, client_of_flow(gateway, flow))
    try:
        gateway.flows.check_browser(flow, state, request)
        end.check(gateway.registry)
    except GatewayError as error:
        raise _on_page(error, gateway, end) from error
    return end


def _as_it_stands(request: Request, gateway: Gateway, end: FlowEnd) -> Response:
    client = end.client
    if client is None:  # end.check has seen to it
        raise FlowExpired
    started = StartedFlow(end.state, ("", ""), end.flow.browser)
    by_account = partial(begin_by_account, language=_language(request, end))
    start = by_account if client.account_qr else partial(begin, scope=end.flow.scope)
    found = start(request, gateway, started, client=client, app=end.app)
    if not request.accepts_html():
        left = found.seconds if found.state in (WAITING, CONFIRMED) else 0
        return json_response({"state": found.state, "expires_in": left})
    if found.state == WAITING:
        return _qr_code(request, gateway, end, found)
    if found.state == CONFIRMED and not found.asked.tap:
        return _form(request, gateway, end, wrong=False, found=found)
    if found.state in (CONFIRMED, USED) and found.asked.tap:
        return _signed_in(request, gateway, end, found.digits)
    if found.state == USED:
        raise FlowExpired
    raise _ENDS[found.state]


def _qr_code(
    request: Request, gateway: Gateway, end: FlowEnd, found: Confirmation
) -> Response:
    from runtime.pages.pages import sign_in

    client, flow, settings = end.client, end.flow, gateway.settings
    wecom_url, wecom = None, _wecom_app(gateway, flow)
    if wecom:
        wecom_url = url_at_wecom(gateway, wecom, end.state, Browser.DESKTOP, flow)
    return sign_in(
        _language(request, end),
        qr=None,
        wechat_url=None,
        wecom_url=wecom_url,
        page_qr=shown(gateway, end.state, found, language=_language(request, end)),
        url=f"{settings.public_base_url}{start_of(flow)}",
        client_name=client.name if client else "",
        browser=Browser.DESKTOP,
        logo=client.logo if client else "",
        brand=brand_of(client),
        home=(client.home if client else "") or None,
        https=settings.secure,
    )


def _wecom_app(gateway: Gateway, flow: Flow) -> App | None:
    apps = map(gateway.registry.app, flow.appids)
    return next((app for app in apps if app and app.is_wecom), None)


def _form(
    request: Request,
    gateway: Gateway,
    end: FlowEnd,
    *,
    wrong: bool,
    found: Confirmation | None,
) -> Response:
    from runtime.pages.confirmation_pages import digits_form

    if found is None:
        found = gateway.confirmations.find(confirmation_id(end.state))
    if found is None or found.state == WAITING:
        # The phone has not confirmed: whatever was typed is nobody's.
        return redirect(wait_url(end.state))
    if found.state != CONFIRMED:
        raise _ENDS.get(found.state, FlowExpired)
    return digits_form(
        _language(request, end),
        flow=end.state,
        tries=found.tries,
        wrong=wrong,
        start_again=start_of(end.flow),
        logo=end.client.logo if end.client else "",
        brand=brand_of(end.client),
        https=gateway.settings.secure,
    )


def _signed_in(
    request: Request, gateway: Gateway, end: FlowEnd, digits: str
) -> Response:
    taken = gateway.confirmations.take(confirmation_id(end.state), digits)
    if taken is None:
        raise QrCodeExpired
    if isinstance(taken, Confirmation):
        return _form(request, gateway, end, wrong=True, found=taken)
    user, way = taken.user, ACCOUNT_QR if taken.asked.account_qr else PAGE_QR
    result = gateway.flows.once(end.state, lambda: finish(gateway, end, user, way=way))
    language = _language(request, end)
    response = continuation(gateway, end, result, language=language)
    url = dict(response.headers).get("Location")
    if request.method == "GET" or url is None:
        return response
    from runtime.pages.confirmation_pages import go_on

    page = go_on(
        language,
        url,
        client_name=end.client.name if end.client and end.flow.request else "",
        https=gateway.settings.secure,
    )
    # The session's cookie: all that the redirect has besides.
    of_redirect = redirect(url).headers
    return page.with_headers(*(h for h in response.headers if h not in of_redirect))


def _language(request: Request, end: FlowEnd) -> str:
    return end.flow.language or language_of(request)


def _on_page(error: GatewayError, gateway: Gateway, end: FlowEnd) -> ErrorInDialect:
    asked, client = end.flow.request, end.client
    home = None
    if client:
        home = home_of(client, asked.redirect_uri) if asked else client.home
    name = client.name if client else ""
    links = PageLinks(start_of(end.flow), home, end.flow.language, client_name=name)
    if client and asked and isinstance(error, tuple(_ENDS.values())):
        # Nobody has signed in: the client is told so, whoever leaves this page.
        description = "The sign-in was not confirmed on the phone."
        back, fields = target_of_refusal(
            gateway, asked, "access_denied", description=description
        )
        links = replace(links, back=back, back_fields=fields)
    return ErrorInDialect(error, partial(web_dialect, links=links))
