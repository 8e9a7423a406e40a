"""Check of who sends a browser: a known client, and a URL that it has registered.

Nobody is redirected to a URL that no client has registered. The log says what came and
what is registered; the page says neither, since a stranger would learn it.
"""

from __future__ import annotations

from runtime.errors import ClientDisabled, RedirectUriUnknown
from runtime.registry.ids import CLIENT_ID
from runtime.registry.models import Client, is_registered
from runtime.registry.registry import Registry
from runtime.web.request_causes import listed, shown_id, shown_url


def known_client(registry: Registry, client_id: str) -> Client:
    """Return the client; RedirectUriUnknown, or ClientDisabled."""
    client = registry.client(client_id)
    if client is None:
        named = shown_id(client_id, CLIENT_ID)
        raise RedirectUriUnknown(
            cause=f"there is no client {named}: manage.py client list"
        )
    if client.disabled:
        raise ClientDisabled(client.client_id)
    return client


def check_redirect_uri(client: Client, redirect_uri: str) -> None:
    """Raise RedirectUriUnknown unless the client has registered the URL."""
    if not is_registered(client, redirect_uri):
        raise RedirectUriUnknown(cause=not_registered(client, redirect_uri))


def not_registered(client: Client, redirect_uri: str) -> str:
    """Return the cause where a client has not registered a URL."""
    known = listed([shown_url(each) for each in client.redirect_uris])
    return (
        f"redirect_uri {shown_url(redirect_uri)} is not one of {client.client_id}: "
        f"{known}; manage.py client update {client.client_id} --redirect-uri takes "
        "all of them"
    )


def not_granted(client: Client, appid: str) -> str:
    """Return the cause where a client may not use an app."""
    known = listed(sorted(client.scopes_by_app))
    return (
        f"the client {client.client_id} has not the app {appid}, but {known}; "
        f"manage.py client update {client.client_id} --app {appid}"
    )
