"""Tornado's `@authenticated` with the gateway's session, on the gateway's host name.

    class Orders(GatewayAuthHandler):
        @authenticated
        def get(self):
            self.write(self.current_user["sub"])

    Application([("/orders", Orders)], gateway_url="https://www.example.com",
                **cookie_settings(os.environ["COOKIE_SECRETS"]))

The application's settings:

    gateway_url     the gateway's PUBLIC_BASE_URL
    cookie_secret   with key_version, from `cookie_settings`
    service_url     this service's base URL, such as https://www.example.com:8443;
                    default: the request's own
    session_days    the gateway's SESSION_DAYS, 7 by default
    gateway_cookie  the cookie's name, if the gateway has a COOKIE_DOMAIN
    wechat_appids   the WeChat apps whose users may enter; default: every user who has
                    signed in at the gateway, for any client

This file needs only Tornado.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httputil import url_concat
from tornado.web import HTTPError, RequestHandler

_ALLOWED_SKEW = 60


def cookie_settings(text: str) -> dict[str, Any]:
    """Return Tornado's settings for the gateway's COOKIE_SECRETS, `1:secret,2:secret`.

    Raise ValueError if the text is malformed; the error does not repeat the text.
    """
    secrets = {}
    for item in text.split(","):
        version, _, secret = item.strip().partition(":")
        if not secret or not re.fullmatch(r"[1-9][0-9]{0,8}", version, re.ASCII):
            raise ValueError("COOKIE_SECRETS must be a list of version:secret")
        secrets[int(version)] = secret
    return {"cookie_secret": secrets, "key_version": max(secrets)}


class GatewayAuthHandler(RequestHandler):
    """A handler for users who have signed in at the gateway."""

    def get_current_user(self) -> dict[str, Any] | None:
        """Return `{"sub", "sid", "auth_time", "wechat_appid"}`, None if not signed in.

        It checks the signature and makes no request; only `get_gateway_profile`
        notices a sign-out elsewhere.
        """
        name = self._cookie_name()
        days = self.settings.get("session_days", 7)
        # min_version: the older format uses SHA-1, and takes no dict of secrets.
        value = self.get_signed_cookie(name, max_age_days=days, min_version=2)
        if value is None or self._signed_at() > time.time() + _ALLOWED_SKEW:
            return None
        try:
            fields = json.loads(value)
            sub, sid, at = fields["sub"], fields["sid"], fields["at"]
            # A cookie from before there was an `app` does not name the user's app.
            app = str(fields.get("app", ""))
        except (ValueError, KeyError, TypeError):
            return None
        appids = self.settings.get("wechat_appids")
        if appids is not None and app not in list(appids):
            return None
        return {"sub": sub, "sid": sid, "auth_time": at, "wechat_appid": app}

    def get_login_url(self) -> str:
        """Return the URL of the gateway's sign-in page, which returns to this page."""
        service = self.settings.get("service_url", "").rstrip("/")
        uri = self.request.uri or "/"
        page = service + uri if service else self.request.full_url()
        return url_concat(self._gateway("/login"), {"next": page})

    def get_logout_url(self) -> str:
        """Return the URL for a sign-out link; the gateway asks the user first."""
        return self._gateway("/logout")

    async def get_gateway_profile(self) -> dict[str, Any] | None:
        """Return the answer of /login/me: `name`, `picture` and more.

        None if the session has ended; HTTPError 502 if the gateway does not answer.
        """
        if not self.current_user:
            return None
        # What has been verified is ASCII, and cannot break out of its header.
        cookie = f"{self._cookie_name()}={self.get_cookie(self._cookie_name())}"
        try:
            response = await AsyncHTTPClient().fetch(
                self._gateway("/login/me"),
                headers={"Cookie": cookie, "Accept": "application/json"},
                follow_redirects=False,
                raise_error=False,
            )
        except (HTTPClientError, OSError):
            raise HTTPError(502, "the gateway does not answer") from None
        if response.code not in (200, 401):
            raise HTTPError(502, "the gateway answered %d", response.code)
        return json.loads(response.body) if response.code == 200 else None

    def _gateway(self, path: str) -> str:
        url: str = self.settings["gateway_url"]
        return url.rstrip("/") + path

    def _cookie_name(self) -> str:
        https = self._gateway("").startswith("https://")
        default = "__Host-gateway_session" if https else "gateway_session"
        return str(self.settings.get("gateway_cookie", default))

    def _signed_at(self) -> int:
        # 2|1:1|10:1700000000|...: Tornado checks that it is not too long ago, alone.
        signed = (self.get_cookie(self._cookie_name()) or "").split("|")
        return int(signed[2].partition(":")[2])
