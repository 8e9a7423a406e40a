"""The credentials that custody keeps: an app's access_token and its tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from runtime.custody.protocol import Token
from runtime.errors import WeChatUnavailable
from runtime.registry.models import App
from runtime.wechat.api import WeChat

TICKET_TYPES = ("jsapi", "wx_card")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An app's access_token, by stable_token or by /cgi-bin/token."""

    app: App
    wechat: WeChat

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return f"access_token:{self.app.appid}"

    @property
    def revision(self) -> str:
        """Return the version of the app's document."""
        return str(self.app.revision)

    @property
    def retires(self) -> bool:
        """Tell that /cgi-bin/token retires the token before."""
        return self.app.token_mode == "plain"

    def fetch(self, *, force: bool) -> Token:
        """Fetch from WeChat; `force` has a meaning in stable mode only."""
        who = {
            "grant_type": "client_credential",
            "appid": self.app.appid,
            "secret": self.app.secret,
        }
        if self.app.token_mode == "plain":
            path, content = f"/cgi-bin/token?{urlencode(who)}", None
        else:
            path, content = "/cgi-bin/stable_token", {**who, "force_refresh": force}
        answer = self.wechat.call(
            "POST" if content else "GET",
            path,
            content=content,
            hosts=self.app.api_hosts,
        )
        return _token(answer, "access_token")


@dataclass(frozen=True, slots=True)
class Ticket:
    """An app's jsapi or wx_card ticket, fetched with its access_token."""

    app: App
    type: str
    get_json: Callable[[App, str], Mapping[str, Any]]

    retires = False

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return f"{self.type}_ticket:{self.app.appid}"

    @property
    def revision(self) -> str:
        """Return the version of the app's document."""
        return str(self.app.revision)

    def fetch(self, *, force: bool) -> Token:
        """Fetch from WeChat; there is nothing to force."""
        path = f"/cgi-bin/ticket/getticket?type={self.type}"
        return _token(self.get_json(self.app, path), "ticket")


def _token(answer: Mapping[str, Any], field: str) -> Token:
    value = answer.get(field)
    try:
        seconds = float(answer.get("expires_in", ""))
    except (TypeError, ValueError):
        raise WeChatUnavailable from None
    if not isinstance(value, str) or not value or not 0 < seconds < 1e6:
        raise WeChatUnavailable
    return Token(value, seconds)
