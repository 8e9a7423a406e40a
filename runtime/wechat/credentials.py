"""Credentials of an app, as custody fetches them: the real access_token, tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from runtime.custody.protocol import CredentialValue, value_of
from runtime.registry.models import App
from runtime.wechat.api import WeChat

TICKET_TYPES = ("jsapi", "wx_card")


def authorizer_token_name(document_id: str) -> str:
    """Return the name of an account's access_token that a component gets."""
    return f"authorizer_access_token:{document_id}"


def names_of_authorizer(document_id: str) -> tuple[str, ...]:
    """Return the names of all credentials of an account, by its authorisation."""
    appid = document_id.rpartition("-")[2]
    tickets = (f"{type_}_ticket:{appid}" for type_ in TICKET_TYPES)
    return authorizer_token_name(document_id), *tickets


@dataclass(frozen=True, slots=True)
class RealTokenSource:
    """An app's real access_token, by stable_token or by /cgi-bin/token."""

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

    repeats = False

    @property
    def retires(self) -> bool:
        """Tell whether a fetch retires the token before: /cgi-bin/token does."""
        return self.app.token_mode == "plain"

    def fetch(self, *, force: bool) -> CredentialValue:
        """Fetch from WeChat; `force` has a meaning in stable mode only."""
        parameters = {
            "grant_type": "client_credential",
            "appid": self.app.appid,
            "secret": self.app.secret,
        }
        if self.app.token_mode == "plain":
            path, content = f"/cgi-bin/token?{urlencode(parameters)}", None
        else:
            path, content = (
                "/cgi-bin/stable_token",
                {**parameters, "force_refresh": force},
            )
        answer = self.wechat.call(
            "POST" if content else "GET",
            path,
            content=content,
            hosts=self.app.api_hosts,
        )
        return value_of(answer, "access_token")


@dataclass(frozen=True, slots=True)
class TicketSource:
    """An app's jsapi or wx_card ticket, fetched with its access_token."""

    app: App
    type: str
    get_json: Callable[[App, str], Mapping[str, Any]]

    retires = False
    repeats = False

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return f"{self.type}_ticket:{self.app.appid}"

    @property
    def revision(self) -> str:
        """Return the version of the app's document."""
        return str(self.app.revision)

    def fetch(self, *, force: bool) -> CredentialValue:
        """Fetch from WeChat; a ticket cannot be forced."""
        path = f"/cgi-bin/ticket/getticket?type={self.type}"
        return value_of(self.get_json(self.app, path), "ticket")
