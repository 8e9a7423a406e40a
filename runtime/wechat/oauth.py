"""OAuth at WeChat: the URL to send a browser to, and the profile behind its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from runtime.errors import SnapshotUser, WeChatUnavailable
from runtime.registry.authorizers import Authorizer, in_force
from runtime.registry.models import App
from runtime.registry.sign_in_apps import PAGE_KIND, SILENT
from runtime.wechat.api import WeChat
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.permission_sets import SIGN_IN

if TYPE_CHECKING:
    from runtime.wechat.component_tokens import ComponentTokens


class WeChatSignIn:
    """OAuth at WeChat: the URLs it starts at, and the exchange of its codes."""

    def __init__(
        self,
        wechat: WeChat,
        *,
        open_url: str,
        base_url: str,
        components: Callable[[], ComponentTokens] | None = None,
    ) -> None:
        self._wechat = wechat
        self._components = components
        self._open_url = open_url
        self._base_url = base_url

    def authorize_url(
        self,
        app: App,
        state: str,
        *,
        scope: str | None = None,
        embedded: bool = False,
        stays: bool = False,
        english: bool = False,
    ) -> str:
        """Return WeChat's URL for this app; without `scope` it is the app's own.

        The order of the parameters and the fragment are part of it: WeChat matches
        the URL against a strict pattern. `embedded` is the form for an iframe, as
        wxLogin.js makes it; the user comes back in the top window, or, with `stays`,
        in the frame.
        """
        is_page = app.kind == PAGE_KIND
        pairs = {
            "appid": app.appid,
            "redirect_uri": f"{self._base_url}/oauth_callback/{app.appid}",
            "response_type": "code",
            "scope": (scope or app.oauth_scope) if is_page else "snsapi_login",
            "state": state,
        }
        if authorizer := _authorizer(app):
            # Last, as on the platform's page; WeChat then asks for the component.
            pairs["component_appid"] = authorizer.component
        if embedded:
            redirected = "true" if stays else "default"
            pairs |= {"login_type": "jssdk", "self_redirect": redirected}
        if english and not is_page:
            pairs["lang"] = "en"
        path = "/connect/oauth2/authorize" if is_page else "/connect/qrconnect"
        query = urlencode(pairs, quote_via=quote, safe="")
        return f"{self._open_url}{path}?{query}#wechat_redirect"

    def exchange_code(self, app: App, code: str) -> dict[str, Any]:
        """Return the profile of the user behind a code.

        It is `name`, `picture`, `wechat_openid`, `wechat_unionid`, `wechat_appid` and
        `wechat_scope`; with snsapi_base WeChat gives neither name, picture nor unionid.

        WeChatRefused carries 40029 or 40163 if the code is no longer valid.
        """
        token = self._token(app, code)
        openid = token.get("openid")
        if not isinstance(openid, str) or not openid:
            raise WeChatUnavailable
        if token.get("is_snapshotuser"):
            raise SnapshotUser
        userinfo = self._userinfo(token, openid)
        unionid = token.get("unionid") or userinfo.get("unionid")
        return {
            "name": _name(userinfo.get("nickname")),
            "picture": _https(userinfo.get("headimgurl")),
            "wechat_openid": openid,
            "wechat_unionid": unionid,
            "wechat_appid": app.appid,
            "wechat_scope": str(token.get("scope", "")),
        }

    def _token(self, app: App, code: str) -> Mapping[str, Any]:
        query = {
            "appid": app.appid,
            "code": code,
            "grant_type": "authorization_code",
        }
        if (authorizer := _authorizer(app)) and self._components:
            path = "/sns/oauth2/component/access_token"
            return self._components().on_behalf(authorizer, path, query)
        query = {"appid": app.appid, "secret": app.secret, **query}
        return self._wechat.call("GET", f"/sns/oauth2/access_token?{urlencode(query)}")

    def _userinfo(self, token: Mapping[str, Any], openid: str) -> Mapping[str, Any]:
        # With snsapi_base WeChat answers 48001.
        if str(token.get("scope")) == SILENT:
            return {}
        ask = {"access_token": token.get("access_token", ""), "openid": openid}
        return self._wechat.call(
            "GET", f"/sns/userinfo?{urlencode({**ask, 'lang': 'zh_CN'})}"
        )


def _authorizer(app: App) -> Authorizer | None:
    """Return the authorisation by which users sign in, None for an app of our own."""
    if app.secret:
        return None
    found = in_force(app.authorizers, SIGN_IN)
    if found is None:
        raise not_authorized()
    return found


def _name(nickname: Any) -> str:
    """Return a name of at most 256 characters, none of them cut."""
    return str(nickname or "")[:256].encode(errors="replace").decode()


def _https(url: Any) -> str | None:
    text = str(url or "")
    if text.startswith("http://thirdwx.qlogo.cn/"):
        text = "https" + text[4:]
    return text if text.startswith(("https://", "http://127.0.0.1:")) else None
