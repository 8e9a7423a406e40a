"""Parameters of wx.config for a page, signed with the app's jsapi ticket."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Collection
from typing import Any

from functions.wechat_api.authentication import caller_for_app, rate_cost_of
from functions.wechat_api.report import note
from runtime.custody.protocol import CredentialValue
from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.web.messages import Request, Response, json_response
from runtime.web.origins import HOST_NAME, PORT, REST
from runtime.web.request_causes import listed, shown

SCOPE = "/jssdk_config"

_PAGE = re.compile(rf"https?://((?i:{HOST_NAME})\.?)(?:{PORT})?(?:[/?]{REST})?")


def jssdk_config(
    request: Request,
    gateway: Gateway,
    appid: str,
    *,
    random: Callable[[int], str] = secrets.token_hex,
) -> Response:
    """Answer GET /{appid}/jssdk_config?url= with what wx.config takes.

    `agentConfig` is what wx.agentConfig takes, of an app of WeCom.
    """
    app, caller = caller_for_app(request, gateway, appid, scope=SCOPE)
    client = gateway.registry.client(caller.client_id)
    page = _page(request, app, narrowed=client.js_domains if client else ())
    calls, cost = gateway.calls_of(app), rate_cost_of(caller, gateway)
    ticket = calls.ticket(app, "jsapi", cost=cost)
    config = _signed(ticket, page, random=random, now=gateway.clock())
    content = {
        "appId": app.corpid or app.appid,
        **config,
        "jsapi_ticket_expires_in": int(ticket.seconds),
    }
    if app.agentid:
        # Another ticket, of this app alone, and a nonce of its own.
        own = calls.ticket(app, "agent_config")
        content["agentConfig"] = {
            "corpid": app.corpid,
            "agentid": app.agentid,
            **_signed(own, page, random=random, now=gateway.clock()),
            "agent_config_ticket_expires_in": int(own.seconds),
        }
    note(request, caller, "jssdk_config_read")
    return json_response(content)


def _signed(
    ticket: CredentialValue, page: str, *, random: Callable[[int], str], now: float
) -> dict[str, Any]:
    noncestr, timestamp = random(8), int(now)
    signature = sign(
        ticket=ticket.value, noncestr=noncestr, timestamp=timestamp, url=page
    )
    return {"timestamp": timestamp, "nonceStr": noncestr, "signature": signature}


def sign(*, ticket: str, noncestr: str, timestamp: int, url: str) -> str:
    """Return WeChat's SHA-1 over the four pairs, nothing in them encoded."""
    text = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def page_host(url: str) -> str | None:
    """Return the host of a web page in lower case, None if the URL is none of a page.

    An IPv6 address is refused: WeChat lists only domains. A dot at the end of the host
    is kept, so no domain of the app equals it.
    """
    match = _PAGE.fullmatch(url)
    return match[1].lower() if match else None


def _page(request: Request, app: App, *, narrowed: Collection[str]) -> str:
    if {name for name, _ in request.arguments} - {"url", "access_token"}:
        # If the & of the page's query is not percent-encoded, it becomes part of ours.
        raise ApiRefused(40097, "url_not_encoded")
    page = (request.argument("url") or "").partition("#")[0]
    host = page_host(page)
    if host is None:
        raise ApiRefused(40097, "url_not_http")
    if host not in app.js_domains or (narrowed and host not in narrowed):
        allowed = sorted(set(app.js_domains) & set(narrowed or app.js_domains))
        raise ApiRefused(
            40097,
            "url_not_in_js_domains",
            cause=f"the host {shown(host)} is not among {listed(allowed)}: manage.py "
            f"app update {app.appid} --js-domain takes all of them, and so does "
            "client update --js-domain where the client has any",
        )
    return page
