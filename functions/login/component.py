"""The page that leads a merchant to WeChat's, to let an account authorise a component.

WeChat takes nobody who does not come by a link on a page of the component's registered
host, which is ours, and it takes the merchant's browser back to us.
"""

from __future__ import annotations

import re
from typing import Any

from runtime.broker.client_brand import brand_of
from runtime.broker.component_authorization import client_for, component_of
from runtime.broker.outcomes import AUTHORIZATION, STARTED, riding
from runtime.broker.start import MOST_RENEWALS, renewals_of, with_chosen_language
from runtime.crypto.signing import BadSignature
from runtime.errors import BadRequest, FlowExpired, WeChatUnavailable
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.ids import APPID
from runtime.registry.models import App, Client
from runtime.sign_in.authorization_request import (
    COMPONENT,
    LONGEST_STATE,
    AuthorizationRequest,
)
from runtime.sign_in.flows import FLOW_SECONDS, Flow
from runtime.web.browsers import Browser, browser_of
from runtime.web.form_as_link import LONGEST_LINK
from runtime.web.messages import Request, Response
from runtime.web.own_parameters import RENEWED, with_own, without_own
from runtime.wechat.entry_links import Offered

MARGIN = 60
"""Seconds before the end of the link and of the flow at which the page is renewed."""

SHORTEST = 60

_WORDS = {
    "auth_type": "[0-9]{1,2}",
    "biz_appid": APPID,
    "category": r"[0-9]{1,5}(?:\|[0-9]{1,5}){0,49}",
}


def entry_page(request: Request, gateway: Gateway, component_id: str) -> Response:
    """Answer GET /connect/component/{component} with the page for this browser."""
    component = component_of(gateway, component_id)
    redirect_uri = request.argument("redirect_uri") or ""
    client_id = request.argument("client_id") or ""
    client = client_for(gateway, component, client_id, redirect_uri)
    state = request.argument("state")
    if state is not None and len(state) > LONGEST_STATE:
        raise BadRequest(cause=f"state has more than {LONGEST_STATE} characters")
    asked = AuthorizationRequest(
        dialect=COMPONENT,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=without_own(f"{request.path}?{request.query}"),
        state=state,
    )
    return show(request, gateway, component, client, asked, offered=_offered(request))


def page_of_wechat(request: Request, gateway: Gateway) -> Response:
    """Answer WeChat's own paths of the page, with a pre_auth_code of ours.

    The code names the client, so an SDK's link works with our host in it.
    """
    code = request.argument("pre_auth_code") or ""
    names = gateway.component_names
    try:
        client_id, epoch, appid = names.read_pre_auth_code(code, now=gateway.clock())
    except BadSignature:
        raise FlowExpired from None
    component = component_of(gateway, appid)
    if request.argument("component_appid") != component.appid:
        raise BadRequest(cause=f"component_appid must be {component.appid}")
    redirect_uri = request.argument("redirect_uri") or ""
    client = client_for(gateway, component, client_id, redirect_uri)
    if client.epoch != epoch:
        raise FlowExpired(cause=f"the client {client.client_id} was revoked since")
    asked = AuthorizationRequest(
        dialect=COMPONENT,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=without_own(f"{request.path}?{request.query}"),
    )
    offered = _offered(request, category="category_id_list")
    return show(request, gateway, component, client, asked, offered=offered)


def show(
    request: Request,
    gateway: Gateway,
    component: App,
    client: Client,
    asked: AuthorizationRequest,
    *,
    offered: Offered,
) -> Response:
    """Begin a flow and return the page with WeChat's link, good for ten minutes.

    Each visit has a code of its own from WeChat, which cannot serve two merchants.
    """
    if len(asked.again) > LONGEST_LINK:
        raise BadRequest
    url = gateway.settings.public_base_url + asked.again
    if chosen := with_chosen_language(request, url, gateway.settings):
        return chosen
    renewed = renewals_of(request)
    if renewed > MOST_RENEWALS:
        return _old_page(request, gateway, client, url)
    gateway.limits.sign_in(request)
    if browser_of(request) not in (Browser.DESKTOP, Browser.WECHAT):
        # WeChat's pages work in no other browser.
        return _page(request, gateway, client, url)
    language = language_of(request)
    flow = Flow(
        next="",
        appids=(),
        component=component.appid,
        request=asked,
        language=language,
        way=AUTHORIZATION,
    )
    counts = riding(gateway, AUTHORIZATION, STARTED)
    started = gateway.flows.start(flow, request, increments=counts)
    code, seconds = _pre_auth_code(gateway, component)
    links = gateway.entry_links
    is_desktop = browser_of(request) is Browser.DESKTOP
    make = links.on_computer if is_desktop else links.in_wechat
    page = _page(
        request,
        gateway,
        client,
        url,
        entry_url=make(component.appid, code, started.state, offered),
        renewal=with_own(url, RENEWED, renewed + 1),
        renew_seconds=max(SHORTEST, min(seconds, FLOW_SECONDS) - MARGIN),
    )
    return page.with_headers(started.cookie)


def _page(
    request: Request, gateway: Gateway, client: Client, url: str, **more: Any
) -> Response:
    from runtime.pages.pages import component_entry

    return component_entry(
        language_of(request),
        url=url,
        client_name=client.name,
        browser=browser_of(request),
        logo=client.logo,
        brand=brand_of(client),
        https=gateway.settings.secure,
        **more,
    )


def _old_page(request: Request, gateway: Gateway, client: Client, url: str) -> Response:
    from runtime.pages.pages import old_page

    return old_page(
        language_of(request),
        client_name=client.name,
        home=client.home or None,
        start_again=url,
        https=gateway.settings.secure,
    )


def _pre_auth_code(gateway: Gateway, component: App) -> tuple[str, int]:
    """Return a new code for WeChat's page, and for how many seconds it is good."""
    wanted = {"component_appid": component.appid}
    answer = gateway.component_tokens.ask(component, "api_create_preauthcode", wanted)
    code, seconds = answer.get("pre_auth_code"), answer.get("expires_in")
    if not isinstance(code, str) or not code:
        raise WeChatUnavailable
    # WeChat's documentation names two lives; its answer is the truth.
    return code, seconds if type(seconds) is int else FLOW_SECONDS


def _offered(request: Request, *, category: str = "category") -> Offered:
    names = {name: name for name in _WORDS} | {"category": category}
    given = {name: request.argument(word) or "" for name, word in names.items()}
    for name, value in given.items():
        if value and not re.fullmatch(_WORDS[name], value):
            raise BadRequest(cause=f"{names[name]} has not its form")
    return Offered(**given)
