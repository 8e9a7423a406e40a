"""Sign-in with WeChat for Tornado handlers, in the manner of `tornado.auth`.

The application needs the settings `cookie_secret` and

    "wechat_oauth": {"key": appid, "secret": AppSecret}

or, at the gateway, the service's own name and secret there:

    "wechat_oauth": {"key": client_id, "secret": client_secret,
                     "open_url": gateway_url, "api_url": gateway_url}

This file needs nothing but Tornado; docs/tornado.md shows it at work.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any, cast

from tornado.auth import AuthError
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httputil import url_concat
from tornado.web import RequestHandler

_STATE = re.compile(r"[0-9a-f]{32}")
_STATE_SECONDS = 600


class WeChatAuthError(AuthError):
    """WeChat refused, or what came back cannot be trusted; `errcode` is WeChat's."""

    def __init__(self, text: str, errcode: int | None = None) -> None:
        super().__init__(text)
        self.errcode = errcode


class WeChatOAuth2Mixin:
    """OAuth 2.0 as WeChat speaks it: inside WeChat, or by QR code on a computer."""

    _OAUTH_SETTINGS_KEY = "wechat_oauth"
    _OAUTH_OPEN_URL = "https://open.weixin.qq.com"
    _OAUTH_API_URL = "https://api.weixin.qq.com"
    _OAUTH_AUTHORIZE_PATH = "/connect/oauth2/authorize"
    _OAUTH_QR_PATH = "/connect/qrconnect"
    _OAUTH_ACCESS_TOKEN_PATH = "/sns/oauth2/access_token"

    def get_wechat_oauth_settings(self) -> Mapping[str, str]:
        """Return `key`, `secret`, and perhaps `open_url` and `api_url`."""
        handler = cast(RequestHandler, self)
        settings: Mapping[str, str] = handler.settings[self._OAUTH_SETTINGS_KEY]
        return settings

    def authorize_redirect(
        self,
        redirect_uri: str,
        client_id: str | None = None,
        extra_params: Mapping[str, str] | None = None,
        scope: list[str] | None = None,
        state: str | None = None,
    ) -> None:
        """Send the browser to WeChat; without `state` one is made, see `check_state`.

        `scope` is ["snsapi_userinfo"] by default, ["snsapi_base"] asks nobody and gets
        no profile, ["snsapi_login"] is the QR code, of an app of the kind "website".
        `extra_params`, such as `connect_redirect`, follow the five that WeChat knows.
        """
        settings = self.get_wechat_oauth_settings()
        scope = scope or ["snsapi_userinfo"]
        by_qr = "snsapi_login" in scope
        path = self._OAUTH_QR_PATH if by_qr else self._OAUTH_AUTHORIZE_PATH
        # WeChat compares the link to a pattern: this order, and the fragment last.
        pairs = {
            "appid": client_id or settings["key"],
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": ",".join(scope),
            "state": state or self.make_state(),
            **(extra_params or {}),
        }
        open_url = settings.get("open_url", self._OAUTH_OPEN_URL).rstrip("/")
        handler = cast(RequestHandler, self)
        handler.set_header("Cache-Control", "no-store")
        handler.redirect(url_concat(f"{open_url}{path}#wechat_redirect", pairs))

    async def get_authenticated_user(
        self,
        redirect_uri: str,
        code: str,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> dict[str, Any]:
        """Return the token answer for a code; WeChatAuthError where there is none.

        It has `access_token`, `openid`, `scope` and more; `wechat_request` gets the
        profile. `redirect_uri` is there for Tornado's sake: WeChat does not ask for it.
        """
        settings = self.get_wechat_oauth_settings()
        answer = await self.wechat_request(
            self._OAUTH_ACCESS_TOKEN_PATH,
            appid=client_id or settings["key"],
            secret=client_secret or settings["secret"],
            code=code,
            grant_type="authorization_code",
        )
        if not answer.get("access_token") or not answer.get("openid"):
            raise WeChatAuthError("The answer names nobody.")
        return answer

    async def wechat_request(
        self,
        path: str,
        access_token: str | None = None,
        post_args: Mapping[str, Any] | None = None,
        **args: Any,
    ) -> dict[str, Any]:
        """Return what WeChat's API answers; `post_args` go as a JSON body."""
        settings = self.get_wechat_oauth_settings()
        query = {"access_token": access_token, **args} if access_token else args
        api_url = settings.get("api_url", self._OAUTH_API_URL).rstrip("/")
        options: dict[str, Any] = {"follow_redirects": False, "raise_error": False}
        if post_args is not None:
            body = json.dumps(post_args, ensure_ascii=False).encode()
            options |= {"method": "POST", "body": body}
        status, data = 0, b""
        try:
            http = self.get_auth_http_client()
            response = await http.fetch(url_concat(api_url + path, query), **options)
            status, data = response.code, response.body
        except (HTTPClientError, OSError):
            pass  # told below: an error raised here would hold on to this one
        if status != 200:
            raise WeChatAuthError(f"WeChat cannot be reached, status {status}.")
        return _answer(data)

    def get_auth_http_client(self) -> AsyncHTTPClient:
        """Return the client for calls to WeChat; may be overridden."""
        return AsyncHTTPClient()

    def make_state(self) -> str:
        """Return a new state, 32 hex characters, and bind it to this browser."""
        handler = cast(RequestHandler, self)
        state = secrets.token_hex(16)
        name, flags = self._state_cookie(state)
        flags |= {"expires_days": None, "max_age": _STATE_SECONDS}
        handler.set_signed_cookie(name, state, version=2, **flags)
        return state

    def check_state(self) -> None:
        """Take back the state this browser was sent with; WeChatAuthError if none."""
        handler = cast(RequestHandler, self)
        states = handler.get_query_arguments("state", strip=False)
        state = states[0] if len(states) == 1 else ""
        if not _STATE.fullmatch(state):
            raise WeChatAuthError("The state is malformed.")
        name, flags = self._state_cookie(state)
        days = _STATE_SECONDS / 86400
        kept = handler.get_signed_cookie(name, max_age_days=days, min_version=2)
        if kept is None or not hmac.compare_digest(kept, state.encode()):
            raise WeChatAuthError("The state is not this browser's, or too old.")
        handler.clear_cookie(name, **flags)

    def _state_cookie(self, state: str) -> tuple[str, dict[str, Any]]:
        # One for each flow: two tabs do not disturb each other. Lax, not Strict: the
        # browser comes back from WeChat's pages.
        secure = cast(RequestHandler, self).request.protocol == "https"
        flags = {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure}
        return ("__Host-" if secure else "") + f"wechat_state_{state[:8]}", flags


def _answer(data: bytes) -> dict[str, Any]:
    # text/plain without a charset, always UTF-8; a name may hold control characters.
    try:
        answer = json.loads(data, strict=False)
    except (ValueError, RecursionError):
        answer = None  # the error's own `doc` would be the whole answer
    if not isinstance(answer, dict):
        raise WeChatAuthError("The answer is not WeChat's JSON.")
    errcode = str(answer.get("errcode", 0))
    if errcode != "0":
        number = int(errcode) if re.fullmatch(r"-?[0-9]{1,9}", errcode) else None
        raise WeChatAuthError(f"WeChat refused with errcode {number}.", number)
    return answer
