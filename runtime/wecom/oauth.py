"""OAuth at WeCom: the URL to send a browser to, and the member behind its code.

Inside WeCom's client it is the authorize URL that WeChat has as well; any other browser
gets WeCom's own page, with a QR code or a button. Who is no member of a company is not
signed in.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from runtime.errors import (
    GatewayError,
    NotAMember,
    OutsideVisibleRange,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
    WeComAddressRefused,
    WeComDomainRefused,
    WeComRefused,
    WeComTimeout,
    WeComUnavailable,
)
from runtime.registry.ids import CORPID
from runtime.registry.models import App
from runtime.registry.sign_in_apps import PRIVATE
from runtime.registry.subjects import member_sub
from runtime.web.browsers import Browser

if TYPE_CHECKING:
    from runtime.wecom.calls import WeComCalls

log = logging.getLogger("gateway.sign_in")

INFO = "/cgi-bin/auth/getuserinfo"
DETAIL = "/cgi-bin/auth/getuserdetail"
MEMBER = "/cgi-bin/user/get"

_REFUSALS: Mapping[int, type[GatewayError]] = {
    50001: WeComDomainRefused,
    60020: WeComAddressRefused,
    **dict.fromkeys((50002, 60021, 60030), OutsideVisibleRange),
}
"""Refusals of a code that the page explains in words of its own."""

_USERID = re.compile(rf"(?:({CORPID})/)?([A-Za-z0-9_.@-]{{1,64}})")
"""A member's, or that of a linked company's member with the company in front."""


class WeComSignIn:
    """OAuth at WeCom: the URLs it starts at, and the exchange of its codes."""

    def __init__(
        self,
        calls: WeComCalls,
        *,
        open_url: str,
        login_url: str,
        base_url: str,
        seconds: float,
    ) -> None:
        self._calls = calls
        self._seconds = seconds
        self._open_url = open_url
        self._login_url = login_url
        self._base_url = base_url

    def authorize_url(
        self,
        app: App,
        state: str,
        *,
        browser: Browser,
        scope: str | None = None,
        english: bool = False,
    ) -> str:
        """Return WeCom's URL for this app and browser.

        Without `scope` it is the app's own; only the client asks for one. The order of
        the parameters and the fragment of the client's URL are as at WeChat. A state
        there has letters and digits alone.
        """
        redirect_uri = f"{self._base_url}/oauth_callback/{app.appid}"
        if browser is not Browser.WECOM:
            pairs = {
                "login_type": "CorpApp",
                "appid": app.corpid,
                "agentid": app.agentid,
                "redirect_uri": redirect_uri,
                "state": state,
                **({"lang": "en"} if english else {}),
            }
            return f"{self._login_url}/wwlogin/sso/login?{_query(pairs)}"
        pairs = {
            "appid": app.corpid,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": scope or app.oauth_scope,
            "state": state,
            "agentid": app.agentid,
        }
        path = "/connect/oauth2/authorize"
        return f"{self._open_url}{path}?{_query(pairs)}#wechat_redirect"

    def exchange_code(self, app: App, code: str) -> dict[str, Any]:
        """Return the profile of the member behind a code.

        It has the fields of a user of WeChat, `wechat_openid` being the member's sub,
        and `wecom_corpid`, `wecom_userid` and `wecom_agentid`; `wecom_departments` if
        they are groups; `biz_mail`, `email` and `mobile` if WeCom tells them.
        `in_client` tells that the code is certainly from WeCom's client.

        NotAMember for anybody else.
        """
        found = self._found(app, code)
        corpid, userid = _member(app, found)
        # A linked company's members are not in the reach of the app's own calls.
        is_own = corpid == app.corpid
        known = self._details(app, userid) if is_own else {}
        ticket = found.get("user_ticket")
        agreed = self._agreed(app, ticket)
        return {
            "name": _text(known, "name") or userid,
            "picture": _https(agreed.get("avatar") or known.get("avatar")),
            "wechat_openid": member_sub(corpid, userid),
            "wechat_unionid": None,
            "wechat_appid": app.appid,
            "wechat_scope": "",
            "wecom_corpid": corpid,
            "wecom_userid": userid,
            "wecom_agentid": app.agentid,
            **_departments(app, known),
            **_reached_by({**known, **agreed}),
            # The page for other browsers asks for no scope, so it brings no ticket.
            "in_client": bool(ticket),
        }

    def _found(self, app: App, code: str) -> Mapping[str, Any]:
        """Return WeCom's answer to a code; an error speaks of WeCom."""
        try:
            return self._calls.get_json(app, f"{INFO}?{urlencode({'code': code})}")
        except WeComRefused as error:
            if refusal := _REFUSALS.get(error.errcode):
                raise refusal(errmsg=error.errmsg) from error
            raise
        except WeChatTimeout as error:
            raise WeComTimeout from error
        except WeChatUnavailable as error:
            raise WeComUnavailable from error

    def _details(self, app: App, userid: str) -> Mapping[str, Any]:
        """Return what WeCom tells of a member without asking: at least the name."""
        target = f"{MEMBER}?{urlencode({'userid': userid})}"
        return _tolerated(app, MEMBER, lambda: self._calls.get_json(app, target))

    def _agreed(self, app: App, ticket: Any) -> Mapping[str, Any]:
        """Return what the member has agreed to tell, nothing without a ticket."""
        if not isinstance(ticket, str) or not ticket:
            return {}

        def post() -> Mapping[str, Any]:
            answer = self._calls.send(
                app,
                "POST",
                DETAIL,
                headers={"Content-Type": "application/json"},
                body=json.dumps({"user_ticket": ticket}).encode(),
                seconds=self._seconds,
                own=True,
            )
            return answer.success(DETAIL, refused=WeComRefused)

        found = _tolerated(app, DETAIL, post)
        return {name: value for name, value in found.items() if value}


def _tolerated(
    app: App, path: str, call: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return the answer, nothing where WeCom gives none: the member is known."""
    try:
        return call()
    except (WeChatRefused, WeChatUnavailable) as error:
        log.info("%s: %s told nothing, %s", app.appid, path, error.errcode)
        return {}


def dialect_userid(app: App, profile: Mapping[str, Any]) -> str:
    """Return a member's userid as WeCom tells it to this app."""
    corpid, userid = profile["wecom_corpid"], profile["wecom_userid"]
    return str(userid) if corpid == app.corpid else f"{corpid}/{userid}"


def asks_for_details(scope: str | None) -> bool:
    """Tell whether the scope lets the member tell more than the userid."""
    return scope == PRIVATE


def _member(app: App, found: Mapping[str, Any]) -> tuple[str, str]:
    """Return company and userid; NotAMember where WeCom names somebody else."""
    # The older path writes it with a capital.
    named = found.get("userid") or found.get("UserId")
    if not named:
        if any(found.get(name) for name in ("openid", "OpenId", "external_userid")):
            raise NotAMember
        if any(str(name).endswith("_userid") for name in found):
            raise NotAMember  # a parent or pupil of a school
        raise WeComUnavailable
    match = _USERID.fullmatch(str(named))
    if match is None:
        raise WeComUnavailable
    return match[1] or app.corpid, match[2]


def _departments(app: App, known: Mapping[str, Any]) -> dict[str, Any]:
    if not app.groups_from_departments:
        return {}
    listed = known.get("department")
    numbers = listed if isinstance(listed, list) else []
    return {"wecom_departments": [each for each in numbers if type(each) is int]}


def _reached_by(known: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "biz_mail": _text(known, "biz_mail").lower(),
        "email": _text(known, "email").lower(),
        "mobile": _text(known, "mobile"),
    }
    return {name: value for name, value in found.items() if value}


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text of at most 256 characters, none of them cut; "" for none."""
    value = fields.get(name)
    text = value if isinstance(value, str) else ""
    return text[:256].encode(errors="replace").decode()


def _https(url: Any) -> str | None:
    text = str(url or "")
    if text.startswith("http://wework.qpic.cn/"):
        text = "https" + text[4:]
    return text if text.startswith(("https://", "http://127.0.0.1:")) else None


def _query(pairs: Mapping[str, str]) -> str:
    return urlencode(pairs, quote_via=quote, safe="")
