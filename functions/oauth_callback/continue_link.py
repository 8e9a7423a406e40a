"""Links by which the user continues from a page that says why a sign-in failed."""

from __future__ import annotations

from runtime.broker.client_answer import frames_of
from runtime.broker.finish import start_of
from runtime.entry.dialects import PageLinks, default_links
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.pages.languages import known_language
from runtime.registry.models import Client, home_of
from runtime.sign_in.flows import Flow, FlowCookie


def links_of_flow(flow: Flow, client: Client | None) -> PageLinks:
    """Return the link to where the flow began, and the one to its client's home."""
    asked = flow.request
    home = None
    if client:
        home = home_of(client, asked.redirect_uri) if asked else client.home
    return PageLinks(
        start_of(flow),
        home,
        flow.language,
        frames_of(client, asked),
        client_name=client.name if client else "",
    )


def links_without_flow(
    error: GatewayError, gateway: Gateway, kept: FlowCookie | None
) -> PageLinks:
    """Return the links where the flow has expired, or Redis is away.

    By its cookie. A client that sent the user here has most likely forgotten the
    sign-in, too, so the user begins at the client.
    """
    language = known_language(kept.language) if kept else None
    start_again = default_links(error).start_again
    client_id = kept.client_id if kept else ""
    if client_id and (asking := gateway.registry.client(client_id)):
        home = home_of(asking, next(iter(asking.redirect_uris), ""))
        again = None if home else start_again
        return PageLinks(again, home, language, client_name=asking.name)
    own = gateway.registry.client(gateway.settings.login_client)
    home, name = (own.home, own.name) if own else (None, "")
    return PageLinks(start_again, home, language, client_name=name)
