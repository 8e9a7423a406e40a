"""Where somebody goes on from a page that says why a sign-in came to nothing."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from runtime.errors import GatewayError
from runtime.flow_cookies import FlowCookie
from runtime.flows import Flow
from runtime.gateway import Gateway
from runtime.languages import known
from runtime.registry import Client


def lead_on(error: GatewayError, flow: Flow, client: Client | None) -> None:
    """Let the page lead back to where the flow began, and to its client's home."""
    asked = flow.request
    error.start_again = (
        asked.again if asked else f"/login?next={quote(flow.next, safe='')}"
    )
    error.home = _home(client, asked=bool(asked))
    error.language = flow.language


def lead_home(error: GatewayError, gateway: Gateway, kept: FlowCookie | None) -> None:
    """Let the page lead somewhere without a flow: it is forgotten, or Redis is away.

    A client that asked has forgotten it too, as like as not, so its people begin at
    the client itself; without one the error's own `start_again` stands.
    """
    client_id = kept.client_id if kept else ""
    asking = gateway.registry.client(client_id) if client_id else None
    own = gateway.registry.client(gateway.settings.login_client)
    error.home = _home(asking or own, asked=asking is not None)
    if asking and error.home:
        error.start_again = None
    error.language = known(kept.language) if kept else None


def _home(client: Client | None, *, asked: bool) -> str | None:
    if client is None:
        return None
    if client.home or not asked or client.native:
        return client.home or None
    # A client of another host answers there, as far as we know.
    parts = urlsplit(next(iter(client.redirect_uris), ""))
    return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else None
