"""Routes of the console function."""

from __future__ import annotations

from runtime.entry.dialects import oauth_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import UNREAD_BODY, late, route

METHODS = frozenset({"GET", "HEAD"})

metrics = late("functions.console.metrics")

ROUTES = (route(r"/metrics", body=UNREAD_BODY, GET=metrics.metrics),)

handler = entrypoint(ROUTES, mount="/console", dialect=oauth_dialect)
