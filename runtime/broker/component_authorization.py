"""The authorisation of a component by an account: who may ask a merchant for one."""

from __future__ import annotations

from runtime.errors import NotFound, RedirectUriUnknown
from runtime.gateway import Gateway
from runtime.registry.models import COMPONENT_KIND, App, Client, is_registered


def component_of(gateway: Gateway, appid: str) -> App:
    """Return the component; NotFound if the appid is of none."""
    app = gateway.registry.own_app(appid)
    if app is None or app.kind != COMPONENT_KIND:
        raise NotFound
    return app


def client_for(
    gateway: Gateway, component: App, client_id: str, redirect_uri: str
) -> Client:
    """Return the client if it may use the component's accounts, and owns this URL.

    RedirectUriUnknown otherwise: nobody is redirected to a URL that is not known.
    """
    client = gateway.registry.client(client_id)
    if client is None or client.disabled or not may_use(client, component):
        raise RedirectUriUnknown
    if not is_registered(client, redirect_uri):
        raise RedirectUriUnknown
    return client


def may_use(client: Client, component: App) -> bool:
    """Tell whether the client may use all accounts of the component."""
    return f"{component.appid}-*" in client.scopes_by_app
