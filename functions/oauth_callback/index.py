"""Routes of the oauth_callback function."""

from __future__ import annotations

from functions.oauth_callback.callback import oauth_callback
from runtime.entry.dialects import web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import UNREAD_BODY, late, route
from runtime.registry.ids import APP_ID, APPID

METHODS = frozenset({"GET"})

component = late("functions.oauth_callback.component")

ROUTES = (
    route(f"/({APP_ID})", body=UNREAD_BODY, GET=oauth_callback),
    route(f"/({APPID})/authorized", body=UNREAD_BODY, GET=component.authorized),
)

handler = entrypoint(
    ROUTES,
    mount="/oauth_callback",
    dialect=web_dialect,
    waits=lambda method, path, query: True,
)
