"""Where somebody goes on from a page that says why a sign-in came to nothing."""

from __future__ import annotations

from urllib.parse import quote

from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.pages.languages import known
from runtime.registry.models import Client, home_of
from runtime.sign_in.flows import Flow, FlowCookie


def lead_on(error: GatewayError, flow: Flow, client: Client | None) -> None:
    """Let the page lead back to where the flow began, and to its client's home."""
    asked = flow.request
    error.start_again = (
        asked.again if asked else f"/login?next={quote(flow.next, safe='')}"
    )
    if client:
        error.home = home_of(client, asked.redirect_uri) if asked else client.home
    error.language = flow.language


def lead_home(error: GatewayError, gateway: Gateway, kept: FlowCookie | None) -> None:
    """Let the page lead somewhere without a flow: it is forgotten, or Redis is away.

    A client that asked has forgotten it too, as like as not, so its people begin at
    the client itself; without one the error's own `start_again` stands.
    """
    client_id = kept.client_id if kept else ""
    asking = gateway.registry.client(client_id) if client_id else None
    if asking:
        error.home = home_of(asking, next(iter(asking.redirect_uris), ""))
    elif own := gateway.registry.client(gateway.settings.login_client):
        error.home = own.home
    if asking and error.home:
        error.start_again = None
    error.language = known(kept.language) if kept else None
