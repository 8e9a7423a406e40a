"""Start of deliver on an operator's behalf: /admin/deliver/start."""

from __future__ import annotations

from runtime.entry.nudge import nudge
from runtime.gateway import Gateway
from runtime.web.messages import Request, Response, json_response


def start_deliver(request: Request, gateway: Gateway) -> Response:
    """Start deliver as a push does, and tell what came of it."""
    return json_response({"outcome": nudge(request.context, gateway, at_once=True)})
