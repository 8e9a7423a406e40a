"""Credentials of an app of WeCom, as custody fetches them: access_token and tickets.

A name has the app's whole id, since two apps of a corp have tokens of their own, and
never a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.custody.protocol import CredentialValue, value_of
from runtime.errors import WeComRefused, WeComSecretRefused
from runtime.registry.models import App
from runtime.wecom.api import TICKET_TARGETS, WeCom

TICKET_TYPES = tuple(TICKET_TARGETS)


@dataclass(frozen=True, slots=True)
class RealTokenSource:
    """An app's real access_token; WeCom repeats the same one while it lives."""

    app: App
    wecom: WeCom

    retires = False
    repeats = True

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return f"access_token:{self.app.appid}"

    @property
    def revision(self) -> str:
        """Return the version of the app's document."""
        return str(self.app.revision)

    def fetch(self, *, force: bool) -> CredentialValue:
        """Fetch from WeCom, which knows no force."""
        return value_of(self.wecom.get_token(self.app), "access_token")


@dataclass(frozen=True, slots=True)
class TicketSource:
    """The corp's ticket or the app's, fetched with the app's access_token."""

    app: App
    type: str
    get_json: Callable[[App, str], Mapping[str, Any]]

    retires = False
    repeats = True

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return f"{self.type}_ticket:{self.app.appid}"

    @property
    def revision(self) -> str:
        """Return the version of the app's document."""
        return str(self.app.revision)

    def fetch(self, *, force: bool) -> CredentialValue:
        """Fetch from WeCom; a ticket cannot be forced."""
        try:
            answer = self.get_json(self.app, TICKET_TARGETS[self.type])
        except WeComSecretRefused as refused:
            # It stops the token alone, which an operator starts again; the ticket is
            # tried once there is one.
            raise WeComRefused(refused.errcode, refused.errmsg or "") from None
        return value_of(answer, "ticket")
