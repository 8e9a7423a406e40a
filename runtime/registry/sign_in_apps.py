"""Apps of a client that sign users in: by QR code, and by a page inside WeChat."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.errors import SignInNotConfigured
from runtime.registry.models import App, Client
from runtime.registry.registry import Registry

QR_KIND = "website"

PAGE_KIND = "service"

SILENT = "snsapi_base"


@dataclass(frozen=True, slots=True)
class SignInApps:
    """Apps of a client with which a browser can sign in; either may be None."""

    client: Client
    qr: App | None
    page: App | None

    @property
    def appids(self) -> tuple[str, ...]:
        """Return the ids of the apps that are present."""
        return tuple(app.appid for app in (self.qr, self.page) if app)


def sign_in_apps(registry: Registry, client: Client | None) -> SignInApps:
    """Return a client's first app of each kind; SignInNotConfigured for no client."""
    if client is None or client.disabled:
        raise SignInNotConfigured
    by_kind = {app.kind: app for app in reversed(registry.apps_of(client))}
    return SignInApps(client, by_kind.get(QR_KIND), by_kind.get(PAGE_KIND))
