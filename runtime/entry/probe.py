"""The answer of /healthz, for every function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.gateway import Gateway
from runtime.version import version
from runtime.web.messages import Request, Response, json_response


def answer_probe(
    request: Request, *, function: str, gateway: Callable[[], Gateway]
) -> Response:
    """Answer 200 where all that is needed is reachable, else 503; no secret is in it.

    `quick=1` asks whether the process answers: it touches nothing.
    """
    told: dict[str, Any] = {"function": function, "version": version()}
    if request.argument("quick") == "1":
        return json_response(told)
    wired = gateway()
    found = wired.health.find()
    told |= {**found, "time": wired.clock()}
    return json_response(told, status=503 if "away" in found.values() else 200)
