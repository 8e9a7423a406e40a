"""Where every sign-in begins: the QR code, or straight on to WeChat's consent sheet."""

from __future__ import annotations

from runtime.broker.chosen_language import keep_chosen
from runtime.gateway import Gateway
from runtime.pages.languages import choose
from runtime.pages.qr_code import QrCode
from runtime.registry.sign_in_apps import SignInApps
from runtime.sign_in.flows import Flow
from runtime.web.browsers import Browser, browser_of
from runtime.web.messages import Request, Response, json_response, redirect


def start_sign_in(
    request: Request,
    gateway: Gateway,
    flow: Flow,
    *,
    apps: SignInApps,
    address: str,
    elsewhere: str | None = None,
) -> Response:
    """Begin a flow and show the ways to WeChat that are open to this browser.

    Inside WeChat there is one, and the browser goes on by itself. A front end that
    renders itself asks with `Accept: application/json`. `address` is where this begins
    again, `elsewhere` where it has to begin in another browser, if not there too.
    """
    kept = keep_chosen(request, address, gateway.settings)
    if kept:
        return kept
    gateway.limits.sign_in(request)
    started = gateway.flows.start(flow, request)
    browser = browser_of(request)
    url = gateway.sign_in.authorize_url
    wechat = url(apps.page, started.state, scope=flow.scope) if apps.page else None
    qr = None
    if apps.qr:
        frame = url(apps.qr, started.state, embedded=True)
        qr = QrCode(page_url=url(apps.qr, started.state), frame_url=frame)
    if _wants_json(request):
        response = _as_json(apps, qr, wechat, flow)
    elif browser is Browser.WECHAT and wechat:
        response = redirect(wechat)
    else:
        addresses = (address, elsewhere or address)
        response = _page(request, gateway, apps, qr, wechat, addresses)
    return response.with_headers(started.cookie)


def _wants_json(request: Request) -> bool:
    is_json = "application/json" in (request.header("accept") or "")
    return is_json and not request.accepts_html()


def _as_json(
    apps: SignInApps, qr: QrCode | None, wechat: str | None, flow: Flow
) -> Response:
    return json_response(
        {
            "client": apps.client.name,
            "qr": apps.qr and qr and {"appid": apps.qr.appid, "url": qr.page_url},
            "wechat": apps.page and {"appid": apps.page.appid, "url": wechat},
            "next": flow.next,
        }
    )


def _page(
    request: Request,
    gateway: Gateway,
    apps: SignInApps,
    qr: QrCode | None,
    wechat: str | None,
    addresses: tuple[str, str],
) -> Response:
    from runtime.pages.pages import sign_in

    return sign_in(
        choose(request),
        qr=qr,
        wechat_url=wechat,
        address=addresses[0],
        elsewhere=addresses[1],
        client_name=apps.client.name,
        browser=browser_of(request),
        logo=apps.client.logo,
        home=apps.client.home or None,
        https=gateway.settings.secure,
    )
