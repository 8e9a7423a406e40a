"""The views of the login function."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from runtime.browsers import Browser, browser_of
from runtime.errors import Forbidden, NotSignedIn
from runtime.flows import Flow
from runtime.gateway import Gateway
from runtime.languages import choose
from runtime.messages import Request, Response, json_response, redirect, single
from runtime.next_url import DEFAULT_NEXT, safe_next
from runtime.sign_in import SignInApps, sign_in_apps
from runtime.signing import BadSignature

FORM_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Where a browser can go to sign in; those that are not set up are None."""

    qr_embedded: str | None
    qr_page: str | None
    wechat: str | None


def sign_in_page(request: Request, gateway: Gateway) -> Response:
    """Show the QR code, or go straight on to WeChat's consent sheet inside WeChat.

    With `Accept: application/json` the authorize addresses are answered instead.
    """
    apps = sign_in_apps(gateway.registry, gateway.settings.login_client)
    next_ = safe_next(_lenient_next(request), origins=apps.client.origins)
    language = choose(request)
    started = gateway.flows.start(
        Flow(next=next_, appids=apps.appids, language=language)
    )
    addresses = _addresses(gateway, apps, started.state)
    browser = browser_of(request)
    if not request.accepts_html() and _wants_json(request):
        response = _as_json(apps, addresses, next_)
    elif browser is Browser.WECHAT and addresses.wechat:
        response = redirect(addresses.wechat)
    else:
        response = _page(language, gateway, apps, addresses, browser, next_)
    return response.with_headers(started.cookie)


def who_am_i(request: Request, gateway: Gateway) -> Response:
    """Tell a front end who is signed in; 401 if nobody is."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        raise NotSignedIn
    profile = gateway.sessions.profile(session)
    return json_response({"sub": session.sub, **profile, "auth_time": session.at})


def logout_page(request: Request, gateway: Gateway) -> Response:
    """Ask before signing out: a link alone must not be able to do it."""
    from runtime.pages import sign_out

    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        return _signed_out(request, gateway)
    token = gateway.form_signer.sign(session.sid.encode(), now=gateway.clock())
    return sign_out(
        choose(request),
        action="/logout",
        token=token,
        home=DEFAULT_NEXT,
        https=gateway.settings.secure,
    )


def logout(request: Request, gateway: Gateway) -> Response:
    """End the session; Forbidden unless the form is our own."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is not None:
        _check_form(request, gateway, session.sid)
        gateway.sessions.end(session)
    response = (
        _signed_out(request, gateway)
        if request.accepts_html()
        else json_response({"signed_out": True})
    )
    return response.with_headers(gateway.sessions.no_cookie())


def _signed_out(request: Request, gateway: Gateway) -> Response:
    from runtime.pages import signed_out

    return signed_out(choose(request), home="/login", https=gateway.settings.secure)


def _check_form(request: Request, gateway: Gateway, sid: str) -> None:
    token = request.header("x-xsrftoken") or single(request.form, "_xsrf") or ""
    try:
        signed = gateway.form_signer.verify(
            token, now=gateway.clock(), max_age=FORM_SECONDS
        )
    except BadSignature:
        raise Forbidden from None
    if signed != sid.encode():
        raise Forbidden


def _lenient_next(request: Request) -> str | None:
    # A `next` given twice is as good as none; it is no reason to refuse the page.
    values = [value for name, value in request.arguments if name == "next"]
    return values[0] if len(values) == 1 else None


def _wants_json(request: Request) -> bool:
    return "application/json" in (request.header("accept") or "")


def _addresses(gateway: Gateway, apps: SignInApps, state: str) -> _Addresses:
    url = gateway.sign_in.authorize_url
    return _Addresses(
        qr_embedded=url(apps.qr, state, embedded=True) if apps.qr else None,
        qr_page=url(apps.qr, state) if apps.qr else None,
        wechat=url(apps.page, state) if apps.page else None,
    )


def _as_json(apps: SignInApps, addresses: _Addresses, next_: str) -> Response:
    return json_response(
        {
            "client": apps.client.name,
            "qr": apps.qr and {"appid": apps.qr.appid, "url": addresses.qr_page},
            "wechat": apps.page and {"appid": apps.page.appid, "url": addresses.wechat},
            "next": next_,
        }
    )


def _page(
    language: str,
    gateway: Gateway,
    apps: SignInApps,
    addresses: _Addresses,
    browser: Browser,
    next_: str,
) -> Response:
    from runtime.pages import sign_in

    base = gateway.settings.public_base_url
    return sign_in(
        language,
        qr_url=addresses.qr_embedded,
        qr_page_url=addresses.qr_page,
        wechat_url=addresses.wechat,
        login_url=f"{base}/login?next={quote(next_, safe='')}",
        client_name=apps.client.name,
        in_wechat=browser is Browser.WECHAT,
        mobile=browser is Browser.MOBILE,
        https=gateway.settings.secure,
    )
