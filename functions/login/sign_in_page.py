"""The sign-in page for services of the gateway's own domain."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

from runtime.broker.client_brand import brand_of
from runtime.broker.signed_in_users import visitor_for
from runtime.broker.start import start_sign_in, with_chosen_language
from runtime.gateway import Gateway
from runtime.pages.languages import language_of, lenient_argument
from runtime.registry.models import Client
from runtime.registry.sign_in_apps import PRIVATE, SignInApps, sign_in_apps
from runtime.sign_in.flows import Flow
from runtime.web.browsers import Browser, browser_of
from runtime.web.line_limit import LineLimit
from runtime.web.messages import Request, Response
from runtime.web.next_url import DEFAULT_NEXT, safe_next
from runtime.web.own_parameters import ANOTHER, with_own
from runtime.web.request_causes import host_of, listed

log = logging.getLogger("gateway.sign_in")

_REPLACED = LineLimit()


def sign_in_page(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login: start a sign-in that ends at `next`."""
    client = gateway.registry.client(gateway.settings.login_client)
    apps = sign_in_apps(gateway.registry, client)
    base = gateway.settings.public_base_url
    asked = _lenient_next(request)
    next_ = safe_next(asked, origins=apps.client.origins, own=base)
    if asked and next_ == DEFAULT_NEXT:
        _log_replaced(request, asked, apps.client)
    url = f"{base}/login?next={quote(next_, safe='')}"
    if lenient_argument(request, ANOTHER):
        url = with_own(url, ANOTHER, 1)
    elif page := _offer(request, gateway, apps, url=url, next_=next_):
        return page
    scope = None
    if _is_console(next_) and apps.wecom and browser_of(request) is Browser.WECOM:
        scope = PRIVATE  # proves that it is the client, as the console's roles need
    flow = Flow(next=next_, appids=apps.appids, scope=scope)
    return start_sign_in(request, gateway, flow, apps=apps, url=url)


def _offer(
    request: Request, gateway: Gateway, apps: SignInApps, *, url: str, next_: str
) -> Response | None:
    """Return the page that offers to go on as the user who is signed in, or None.

    Inside WeChat there is none: a sign-in asks nothing there, and WeChat has no other
    account. It would hold up a service that wants a newer sign-in. The same goes for
    WeCom, where it signs the user in.
    """
    client = apps.client
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None or not session.by_cookie or not request.accepts_html():
        return None
    browser = browser_of(request)
    if browser is Browser.WECHAT or (apps.wecom and browser is Browser.WECOM):
        return None
    visitor = visitor_for(gateway, session, client)
    if visitor is None:
        return None
    if chosen := with_chosen_language(request, url, gateway.settings):
        return chosen
    from runtime.pages.session_pages import offer

    return offer(
        language_of(request),
        visitor,
        url=url,
        next_=next_,
        another=with_own(url, ANOTHER, 1),
        client_name=client.name,
        brand=brand_of(client),
        https=gateway.settings.secure,
    )


def _log_replaced(request: Request, asked: str, client: Client) -> None:
    """Log the host of a `next` that is replaced, and which origins are registered."""
    if asked == "/" or asked.endswith(DEFAULT_NEXT):
        return
    left_out = _REPLACED.count("next")
    if left_out is None:
        return
    log.info(
        "%s /login: next to %s replaced, origins of %s are %s%s",
        request.request_id,
        host_of(asked),
        client.client_id,
        listed(client.origins),
        f" ({left_out} more were left out)" if left_out else "",
    )


def _is_console(next_: str) -> bool:
    return re.match(r"/console(?:[/?#]|$)", next_) is not None


def _lenient_next(request: Request) -> str | None:
    # If `next` is repeated, it is ignored; that is no reason to refuse the page.
    values = [value for name, value in request.arguments if name == "next"]
    return values[0] if len(values) == 1 else None
