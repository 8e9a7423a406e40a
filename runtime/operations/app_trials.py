"""Trials of an app's setting at WeChat: what a harmless call tells, and what none does.

No call retires a token that is in use. stable_token without force_refresh gives the
present token again, and is apart from that of /cgi-bin/token; /sns/oauth2/access_token
with a made-up code gives none; api_start_push_ticket asks for tickets that come anyway;
the page with the QR code signs nobody in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from urllib.parse import urlencode, urlsplit

from runtime.errors import GatewayError, WeChatUnreachable, hint_of
from runtime.gateway import Gateway
from runtime.operations.push_reasons import refusal
from runtime.operations.trial_lines import (
    API,
    CALLBACK_DOMAIN,
    OK,
    UNKNOWN,
    WRONG,
    Trial,
)
from runtime.operations.wecom_trials import wecom_trials
from runtime.push.last_seen import ACCEPTED, Seen
from runtime.registry.models import COMPONENT_KIND, PUSHED_KINDS, App
from runtime.wechat.verify_tickets import start_push

TAKEN = (ACCEPTED, "stored")
"""Outcomes of a check or a push that was accepted."""

SECRET, ADDRESS, DOMAIN = "AppSecret", "IP whitelist", CALLBACK_DOMAIN
PUSHES, APPID = "push URL", "appid"

_ADDRESS_CODES = (40164, 61004, 89501, 89503, 89506, 89507)

_SECRET_SAYS = {
    40125: "WeChat calls it wrong: app update {appid} --secret takes the one that the "
    "console shows after a reset",
    40001: "WeChat calls it wrong: app update {appid} --secret takes the one that the "
    "console shows after a reset",
    40243: "it is frozen: the account's owner unfreezes it in the console",
    61011: "WeChat knows no component with this appid",
}

_TITLE = re.compile(rb'class="[^"]*weui_msg_title[^"]*">([^<]{1,80})<')
_QR_CODE = b"/connect/qrcode/"


def trials(gateway: Gateway, app: App, seen: Seen) -> list[Trial]:
    """Return what the platform tells about an app that has a secret here."""
    if app.is_wecom:
        return [*wecom_trials(gateway, app), *_pushes(app, seen)]
    return [
        *_secret_and_address(gateway, app),
        *_domain(gateway, app),
        *_pushes(app, seen),
    ]


def lost(appid: str) -> Trial:
    """Return the line of an app with a secret that no master key opens."""
    says = f"no master key opens it: app update {appid} --secret takes it again"
    return Trial(SECRET, WRONG, says)


def _secret_and_address(gateway: Gateway, app: App) -> Iterator[Trial]:
    call, has_list = _calls(gateway, app)
    try:
        call()
    except WeChatUnreachable as error:
        url = gateway.settings.wechat_api_url
        why = f": {error.explanation}" if error.explanation else ""
        yield Trial(API, WRONG, f"{url} cannot be reached from here{why}")
        return
    except GatewayError as error:
        yield from _refused(app, error, has_list=has_list)
        return
    yield Trial(SECRET, OK, "WeChat takes it")
    if has_list:
        proxy = gateway.wechat_proxy
        where = f"the proxy {proxy.name}" if proxy else "where this check ran"
        yield Trial(ADDRESS, OK, f"WeChat takes calls from {where}")


def _calls(gateway: Gateway, app: App) -> tuple[Callable[[], object], bool]:
    """Return a call that proves the AppSecret, and whether it tells the address."""
    if app.kind == COMPONENT_KIND:
        return lambda: start_push(gateway.wechat, app), True
    if app.has_access_token:
        content = {
            "grant_type": "client_credential",
            "appid": app.appid,
            "secret": app.secret,
            "force_refresh": False,
        }
        path = "/cgi-bin/stable_token"
        return lambda: gateway.wechat.call(
            "POST", path, content=content, hosts=app.api_hosts
        ), True
    return lambda: _try_code(gateway, app), False


def _try_code(gateway: Gateway, app: App) -> None:
    query = {
        "appid": app.appid,
        "secret": app.secret,
        "code": secrets.token_hex(16),
        "grant_type": "authorization_code",
    }
    try:
        gateway.wechat.call(
            "GET", f"/sns/oauth2/access_token?{urlencode(query)}", hosts=app.api_hosts
        )
    except GatewayError as error:
        if error.errcode != 40029:  # nothing but the code is refused
            raise


def _refused(app: App, error: GatewayError, *, has_list: bool) -> Iterator[Trial]:
    code = error.errcode
    if code in _ADDRESS_CODES:
        yield Trial(SECRET, UNKNOWN, "WeChat looks at it when the address is listed")
        blocked = f"WeChat's risk control blocks this address ({code})"
        yield Trial(ADDRESS, WRONG, hint_of(code, error.errmsg) or blocked)
        return
    untold = f"WeChat answered {code}" if code != -1 else f"no answer: {error.code}"
    if code == 40013:
        yield Trial(APPID, WRONG, "WeChat knows no such app")
    elif code in _SECRET_SAYS:
        yield Trial(SECRET, WRONG, _SECRET_SAYS[code].format(appid=app.appid))
    else:
        yield Trial(SECRET, UNKNOWN, untold)
    if has_list:
        yield Trial(ADDRESS, UNKNOWN, untold)


def _domain(gateway: Gateway, app: App) -> Iterator[Trial]:
    host = urlsplit(gateway.settings.public_base_url).hostname or ""
    if app.kind == "service":
        says = f"WeChat compares {host} only when a user signs in inside WeChat"
        yield Trial(DOMAIN, UNKNOWN, says)
    if app.kind != "website":
        return
    callback = f"{gateway.settings.public_base_url}/oauth_callback/{app.appid}"
    query = {
        "appid": app.appid,
        "redirect_uri": callback,
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "check",
    }
    try:
        target = f"/connect/qrconnect?{urlencode(query)}"
        page = gateway.wechat_pages.send("GET", target).whole().body
    except GatewayError as error:
        yield Trial(DOMAIN, UNKNOWN, f"WeChat's page did not come: {error.code}")
        return
    yield _domain_trial(page, host)


def _domain_trial(page: bytes, host: str) -> Trial:
    found = _TITLE.search(page)
    title = found[1].decode(errors="replace").strip() if found else ""
    if _QR_CODE in page and not title:
        return Trial(DOMAIN, OK, f"WeChat shows its QR code for {host}")
    if "redirect_uri" in title:
        return Trial(DOMAIN, WRONG, f"WeChat says {title}: enter {host}, nothing else")
    if "AppID" in title or "Scope" in title:
        return Trial(APPID, WRONG, f"WeChat says {title}: it is no website app's")
    return Trial(DOMAIN, UNKNOWN, "WeChat shows another page than it did")


def _pushes(app: App, seen: Seen) -> Iterator[Trial]:
    if app.kind not in PUSHED_KINDS:
        return
    notes = [each for each in (seen.check, seen.taken, seen.refused) if each]
    accepted = [each for each in notes if each.outcome in TAKEN]
    if accepted:
        at = datetime.fromtimestamp(max(each.at for each in accepted), timezone.utc)
        time = at.isoformat(timespec="seconds")
        says = f"WeChat's last call was accepted {time}"
        if app.is_wecom:
            says = f"WeCom's last call was accepted {time}"
        yield Trial(PUSHES, OK, says)
    elif not app.token:
        says = f"no token is set: app update {app.appid} --push, if it is to get any"
        yield Trial(PUSHES, UNKNOWN, says)
    elif notes:
        newest = max(notes, key=lambda each: each.at)
        yield Trial(PUSHES, WRONG, refusal(newest.outcome, app.appid))
    else:
        says = "nothing has come from WeChat within a week"
        if app.is_wecom:
            says = "nothing has come from WeCom within a week"
        yield Trial(PUSHES, UNKNOWN, says)
