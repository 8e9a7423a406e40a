"""Health checks: the answer of /healthz, the same for every function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.gateway import Gateway
from runtime.version import version
from runtime.web.messages import Request, Response, json_response


def answer_probe(
    request: Request, *, function: str, gateway: Callable[[], Gateway]
) -> Response:
    """Answer 200 if everything that is needed is reachable and readable, else 503.

    `quick=1` asks only whether the process answers; it neither reads the settings nor
    connects. A document that cannot be read is counted, and stops nothing else unless
    LOGIN_CLIENT needs it; neither does a verify ticket that is too old. `full=1` also
    asks WeCom, once a minute, whether it takes calls from here.
    """
    content: dict[str, Any] = {"function": function, "version": version()}
    if request.argument("quick") == "1":
        return json_response(content)
    made = gateway()
    found = made.health.find()
    if unreadable := made.health.unreadable():
        content["unreadable_documents"] = unreadable
    content |= made.health.tickets()
    if login_client := made.health.login_client():
        content["login_client"] = login_client
    for name, commands in made.health.refused().items():
        content[f"{name}_refused"] = list(commands)
    # Also where there is none: an autoscaler leaves out what tells no number.
    content["calls_in_flight"] = (
        made.calls_in_flight.number + made.sign_ins_in_flight.number
    )
    if request.argument("full") == "1":
        content |= made.wecom_reach.find()
    content |= {**found, "time": made.clock()}
    # Without any client a new deployment is well: its first one comes later.
    is_well = set(found.values()) == {"ok"} and login_client != "unreadable"
    return json_response(content, status=200 if is_well else 503)
