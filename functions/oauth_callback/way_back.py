"""A sign-in on its way back from WeChat."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.errors import RedirectUriUnknown, SignInNotConfigured
from runtime.registry.redirect_uris import is_registered
from runtime.registry.registry import App, Client
from runtime.sign_in.flows import Flow


@dataclass(frozen=True, slots=True)
class WayBack:
    """A flow and its state, through which app it comes, and for which client."""

    state: str
    flow: Flow
    app: App
    client: Client | None

    def check(self) -> None:
        """Refuse a client that was disabled, or lost its app or address, meanwhile."""
        asked, client = self.flow.request, self.client
        if client is None or client.disabled or self.app.appid not in client.scopes:
            raise RedirectUriUnknown if asked else SignInNotConfigured
        if asked and not is_registered(client, asked.redirect_uri):
            raise RedirectUriUnknown
