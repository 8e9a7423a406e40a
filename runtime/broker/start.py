"""The start of every sign-in: the page with its ways, or a redirect to WeChat or WeCom.

A language that a user chooses by a link of the page is kept in a cookie, for the pages
after it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from runtime.broker.account_qr import check_account
from runtime.broker.client_brand import brand_of
from runtime.broker.outcomes import STARTED, riding, way_of
from runtime.broker.page_qr import begin, shown, wait_url
from runtime.gateway import Gateway
from runtime.pages.languages import (
    COOKIE,
    known_language,
    language_of,
    lenient_argument,
    url_in_language,
)
from runtime.pages.qr_code import PageQr, QrCode
from runtime.registry.models import App
from runtime.registry.sign_in_apps import SILENT, SignInApps
from runtime.settings import Settings
from runtime.sign_in.flows import Flow
from runtime.web.browsers import Browser, browser_of
from runtime.web.cookies import set_cookie
from runtime.web.messages import Request, Response, json_response, redirect
from runtime.web.own_parameters import MAKES, RENEWED, with_own

LANGUAGE_SECONDS = 365 * 86400

MOST_RENEWALS = 6
"""After an hour the client has most likely forgotten its request."""


def start_sign_in(
    request: Request,
    gateway: Gateway,
    flow: Flow,
    *,
    apps: SignInApps,
    url: str,
    other_browser_url: str | None = None,
    asks: bool = False,
) -> Response:
    """Begin a flow and show the ways to WeChat and WeCom that this browser can take.

    Inside WeChat or WeCom there is one, and the browser is redirected to it, unless
    `asks` wants a page on which the user acts. A front end that renders itself asks
    with `Accept: application/json`. The sign-in can be started again at `url`; in
    another browser at `other_browser_url`, if that is another one.
    """
    if chosen := with_chosen_language(request, url, gateway.settings):
        return chosen
    renewed = renewals_of(request)
    if renewed > MOST_RENEWALS:
        return _old_page(request, gateway, apps, url, home=other_browser_url)
    browser = browser_of(request)
    in_wecom = browser is Browser.WECOM and apps.wecom is not None
    by_account = apps.by_account and browser is not Browser.WECHAT and not in_wecom
    if by_account:
        check_account(apps.page)
    gateway.limits.sign_in(request)
    language = language_of(request)
    way = way_of(apps, browser, by_account=by_account)
    flow = replace(flow, language=language, way=way)
    counts = riding(gateway, way, STARTED) if apps.appids else []
    started = gateway.flows.start(flow, request, increments=counts)
    authorize_url = gateway.sign_in.authorize_url
    wechat_url, qr, page_qr = None, None, None
    wecom_url = None
    if apps.wecom:
        wecom_url = url_at_wecom(gateway, apps.wecom, started.state, browser, flow)
    waits_at = wait_url(started.state)
    if by_account:
        waits_at = with_own(waits_at, MAKES, 1)
    if apps.page:
        wechat_url = authorize_url(apps.page, started.state, scope=flow.scope)
    if apps.qr:
        in_english = partial(authorize_url, english=language == "en")
        frame = in_english(apps.qr, started.state, embedded=True)
        qr = QrCode(page_url=in_english(apps.qr, started.state), frame_url=frame)
    elif apps.page:
        page_qr = PageQr(waits_at)
    if _wants_json(request):
        response = _as_json(
            apps, qr, page_qr, wechat_url, wecom_url, flow, gateway.settings
        )
    elif in_wecom and wecom_url and not asks:
        response = redirect(wecom_url)
    elif browser is Browser.WECHAT and wechat_url and not asks:
        response = redirect(wechat_url)
    elif by_account and browser is Browser.DESKTOP:
        # WeChat is asked there, and only there.
        response = redirect(waits_at)
    else:
        from runtime.pages.pages import sign_in

        if page_qr and apps.page and browser is Browser.DESKTOP:
            found = begin(
                request,
                gateway,
                started,
                client=apps.client,
                app=apps.page,
                scope=flow.scope,
            )
            page_qr = shown(gateway, started.state, found, language=language)
        response = sign_in(
            language,
            qr=qr,
            wechat_url=wechat_url,
            wecom_url=wecom_url,
            url=url,
            other_browser_url=other_browser_url,
            page_qr=page_qr,
            client_name=apps.client.name,
            brand=brand_of(apps.client),
            browser=browser,
            logo=apps.client.logo,
            home=apps.client.home or None,
            silent=flow.scope == SILENT or apps.page_is_silent,
            renewal=with_own(url, RENEWED, renewed + 1),
            https=gateway.settings.secure,
        )
    return response.with_headers(started.cookie)


def url_at_wecom(
    gateway: Gateway, app: App, state: str, browser: Browser, flow: Flow
) -> str:
    """Return where this browser signs in at WeCom."""
    return gateway.wecom_sign_in.authorize_url(
        app,
        state,
        browser=browser,
        scope=flow.scope,
        english=flow.language == "en",
    )


def with_chosen_language(
    request: Request, url: str, settings: Settings
) -> Response | None:
    """Return a redirect to the URL with a cookie, None if no new language is chosen.

    It is a step of its own because FC 3.0 passes one cookie for each answer, and the
    page sets the flow's. The URL names the language by `ui_locales`: a browser that
    keeps no cookie gets the same page, and is not redirected again.
    """
    if not request.accepts_html():
        return None
    chosen = known_language(lenient_argument(request, "lang") or "")
    if chosen is None or chosen == known_language(request.cookies.get(COOKIE, "")):
        return None
    tag = chosen.replace("_", "-")
    cookie = set_cookie(
        COOKIE,
        tag,
        max_age=LANGUAGE_SECONDS,
        secure=settings.secure,
        domain=settings.cookie_domain,
        # It is no secret, and services of the same host may set it by script.
        http_only=False,
    )
    return redirect(url_in_language(url, f"ui_locales={tag}")).with_headers(cookie)


def renewals_of(request: Request) -> int:
    """Return how many times the page has loaded itself anew; too many if malformed."""
    text = lenient_argument(request, RENEWED) or "0"
    return int(text) if re.fullmatch("[0-9]", text) else MOST_RENEWALS + 1


def _old_page(
    request: Request,
    gateway: Gateway,
    apps: SignInApps,
    url: str,
    *,
    home: str | None,
) -> Response:
    from runtime.pages.pages import old_page

    return old_page(
        language_of(request),
        client_name=apps.client.name,
        brand=brand_of(apps.client),
        home=home or apps.client.home or None,
        start_again=url,
        https=gateway.settings.secure,
    )


def _wants_json(request: Request) -> bool:
    is_json = "application/json" in (request.header("accept") or "")
    return is_json and not request.accepts_html()


def _as_json(
    apps: SignInApps,
    qr: QrCode | None,
    page_qr: PageQr | None,
    wechat_url: str | None,
    wecom_url: str | None,
    flow: Flow,
    settings: Settings,
) -> Response:
    by_page = page_qr and f"{settings.public_base_url}{page_qr.wait_url}"
    return json_response(
        {
            "client": apps.client.name,
            "qr": apps.qr and qr and {"appid": apps.qr.appid, "url": qr.page_url},
            "page_qr": apps.page
            and by_page
            and {"appid": apps.page.appid, "url": by_page},
            "wechat": apps.page and {"appid": apps.page.appid, "url": wechat_url},
            "wecom": apps.wecom and {"appid": apps.wecom.appid, "url": wecom_url},
            "next": flow.next,
        }
    )
