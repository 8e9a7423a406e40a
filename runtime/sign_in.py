"""Signing in with WeChat: which apps, the address to go to, and who came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from runtime.errors import SignInNotConfigured, SnapshotUser, WeChatUnavailable
from runtime.registry import App, Client, Registry
from runtime.wechat import WeChat

QR_KIND = "website"
PAGE_KIND = "service"


@dataclass(frozen=True, slots=True)
class SignInApps:
    """The apps of a client with which a browser can sign in; either may be None."""

    client: Client
    qr: App | None
    page: App | None

    @property
    def appids(self) -> tuple[str, ...]:
        """Return the ids of those there are."""
        return tuple(app.appid for app in (self.qr, self.page) if app)


class SubjectMissing(SignInNotConfigured):
    """The app is to name people by unionid, and WeChat gave none."""


def sign_in_apps(registry: Registry, client_id: str) -> SignInApps:
    """Return a client's first app of each kind; SignInNotConfigured without any."""
    client = registry.client(client_id)
    if client is None or client.disabled:
        raise SignInNotConfigured
    apps = [app for app in map(registry.app, client.scopes) if app]
    by_kind = {app.kind: app for app in reversed(apps)}
    return SignInApps(client, by_kind.get(QR_KIND), by_kind.get(PAGE_KIND))


class WeChatSignIn:
    """The browser's way to WeChat and the exchange of what it brings back."""

    def __init__(self, wechat: WeChat, *, open_url: str, base_url: str) -> None:
        self._wechat = wechat
        self._open_url = open_url
        self._base_url = base_url

    def authorize_url(self, app: App, state: str, *, embedded: bool = False) -> str:
        """Return WeChat's address for this app.

        The order of the parameters and the fragment are part of it: WeChat matches
        the address against a strict pattern. `embedded` is the form for an iframe
        that wxLogin.js makes.
        """
        is_page = app.kind == PAGE_KIND
        pairs = {
            "appid": app.appid,
            "redirect_uri": f"{self._base_url}/oauth_callback/{app.appid}",
            "response_type": "code",
            "scope": "snsapi_userinfo" if is_page else "snsapi_login",
            "state": state,
        }
        if embedded:
            pairs |= {"login_type": "jssdk", "self_redirect": "default"}
        path = "/connect/oauth2/authorize" if is_page else "/connect/qrconnect"
        query = urlencode(pairs, quote_via=quote, safe="")
        return f"{self._open_url}{path}?{query}#wechat_redirect"

    def exchange(self, app: App, code: str) -> tuple[str, dict[str, Any]]:
        """Return a person's `sub` and profile for a code.

        WeChatRefused carries 40029 or 40163 where the code is no good any more.
        """
        who = {
            "appid": app.appid,
            "secret": app.secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        token = self._wechat.call("GET", f"/sns/oauth2/access_token?{urlencode(who)}")
        openid = token.get("openid")
        if not isinstance(openid, str) or not openid:
            raise WeChatUnavailable
        if token.get("is_snapshotuser"):
            raise SnapshotUser
        person = self._userinfo(token, openid)
        unionid = token.get("unionid") or person.get("unionid")
        profile = {
            "name": str(person.get("nickname", ""))[:256],
            "picture": _https(person.get("headimgurl")),
            "wechat_openid": openid,
            "wechat_unionid": unionid,
            "wechat_appid": app.appid,
        }
        return _subject(app, openid, unionid), profile

    def _userinfo(self, token: Mapping[str, Any], openid: str) -> Mapping[str, Any]:
        # With snsapi_base WeChat answers 48001.
        if str(token.get("scope")) == "snsapi_base":
            return {}
        ask = {"access_token": token.get("access_token", ""), "openid": openid}
        return self._wechat.call(
            "GET", f"/sns/userinfo?{urlencode({**ask, 'lang': 'zh_CN'})}"
        )


def _subject(app: App, openid: str, unionid: Any) -> str:
    if app.subject == "openid":
        return openid
    if not isinstance(unionid, str) or not unionid:
        raise SubjectMissing
    return unionid


def _https(address: Any) -> str | None:
    text = str(address or "")
    if text.startswith("http://thirdwx.qlogo.cn/"):
        text = "https" + text[4:]
    return text if text.startswith(("https://", "http://127.0.0.1:")) else None
