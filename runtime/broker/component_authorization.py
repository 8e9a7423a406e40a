"""The authorisation of a component by an account: who may ask a merchant for one."""

from __future__ import annotations

from runtime.broker.redirect_uris import check_redirect_uri, known_client
from runtime.errors import NotFound, RedirectUriUnknown
from runtime.gateway import Gateway
from runtime.registry.ids import APPID
from runtime.registry.models import COMPONENT_KIND, App, Client
from runtime.web.request_causes import shown_id


def component_of(gateway: Gateway, appid: str) -> App:
    """Return the component; NotFound if the appid is of none."""
    app = gateway.registry.own_app(appid)
    if app is None or app.kind != COMPONENT_KIND:
        raise NotFound(
            cause=f"{shown_id(appid, APPID)} is no component: manage.py component list"
        )
    return app


def client_for(
    gateway: Gateway, component: App, client_id: str, redirect_uri: str
) -> Client:
    """Return the client if it may use the component's accounts, and owns this URL.

    RedirectUriUnknown otherwise: nobody is redirected to a URL that is not known.
    """
    client = known_client(gateway.registry, client_id)
    if not may_use(client, component):
        needed = f"{component.appid}-*"
        raise RedirectUriUnknown(
            cause=f"the client {client.client_id} may not use {needed}: "
            f"manage.py client update {client.client_id} --app '{needed}'"
        )
    check_redirect_uri(client, redirect_uri)
    return client


def may_use(client: Client, component: App) -> bool:
    """Tell whether the client may use all accounts of the component."""
    return f"{component.appid}-*" in client.scopes_by_app
