"""Routes of the wechat_event function."""

from __future__ import annotations

from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import MEDIUM_BODY, late, route
from runtime.errors import GatewayError, MethodNotAllowed
from runtime.web.messages import Request, Response

METHODS = frozenset({"GET", "POST"})

account_messages = late("functions.wechat_event.account_messages")
component = late("functions.wechat_event.component")
pushes = late("functions.wechat_event.pushes")

_ID = "([A-Za-z0-9_-]{1,64})"
"""The id of a document; what the document is decides what the path means."""

ROUTES = (
    route(f"/{_ID}", body=MEDIUM_BODY, GET=pushes.check, POST=pushes.take),
    route(f"/{_ID}/ticket", body=MEDIUM_BODY, POST=component.take_event),
    route(f"/{_ID}/{_ID}", body=MEDIUM_BODY, POST=account_messages.take_message),
)


def push_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer with the status in words: the sender shows it to nobody."""
    headers = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
    if isinstance(error, MethodNotAllowed):
        headers.append(("Allow", ", ".join(error.allowed)))
    return Response(error.status, tuple(headers), f"{error.status}".encode())


handler = entrypoint(
    ROUTES,
    mount="/wechat_event",
    dialect=push_dialect,
    waits=lambda method, path, query: method == "POST",
)
