"""The client of a request that names an app: by the callback URL that it registered.

WeChat's dialect and WeCom's name the app, and several clients may share one.
"""

from __future__ import annotations

from collections.abc import Collection

from runtime.broker.redirect_uris import not_registered
from runtime.errors import ClientDisabled, RedirectUriUnknown
from runtime.registry.ids import APPID, CLIENT_ID, CORPID
from runtime.registry.models import Client, is_registered
from runtime.web.request_causes import listed, shown_id, shown_url

NAMES = f"{APPID}|{CORPID}|{CLIENT_ID}"


def one_client(known: Collection[Client], redirect_uri: str, *, named: str) -> Client:
    """Return the one client with this callback URL, of those that may use the app.

    ClientDisabled if it is disabled; RedirectUriUnknown if there is none or several:
    two clients with the same callback URL have to use their own ids. `named` is what
    the request named.
    """
    found = [
        client
        for client in known
        if not (client.public or client.disabled)
        and is_registered(client, redirect_uri)
    ]
    off = [
        client
        for client in known
        if client.disabled and is_registered(client, redirect_uri)
    ]
    if off and not found:
        raise ClientDisabled(off[0].client_id)
    if len(found) != 1:
        raise RedirectUriUnknown(cause=_cause(named, redirect_uri, known, found))
    return found[0]


def _cause(
    appid: str, redirect_uri: str, known: Collection[Client], found: Collection[Client]
) -> str:
    """Return why no client, or not exactly one, is meant."""
    if found:
        ids = listed([each.client_id for each in found])
        return f"several clients have this redirect_uri: {ids}; send a client's id"
    usable = [each for each in known if not (each.public or each.disabled)]
    if len(usable) == 1:
        return not_registered(usable[0], redirect_uri)
    if usable:
        ids = listed([each.client_id for each in usable])
        return f"redirect_uri {shown_url(redirect_uri)} is of none of {ids}"
    if not known:
        shown = shown_id(appid, NAMES)
        return f"appid {shown} is no client, and no client's app: manage.py client list"
    ids = listed([each.client_id for each in known])
    return f"disabled, or public and bound to OpenID Connect: {ids}"
