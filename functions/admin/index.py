"""The admin function: POST /admin/{noun}/{verb} with a JSON object, JSON back.

The trigger's AuthType FUNCTION protects it: no unsigned call reaches this code. This
code cannot check a signature, because it does not know the key, so the trigger must
never be ANONYMOUS. No cookie is read, and no CORS header is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.admin.journal import logged_change, operator_of
from runtime.entry.dialects import api_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import MEDIUM_BODY, UNREAD_BODY, late, route
from runtime.errors import BadRequest
from runtime.gateway import Gateway
from runtime.operations.recorded import perform_recorded
from runtime.operations.verbs import operation
from runtime.web.messages import LARGEST_BODY, Request, Response, json_response

METHODS = frozenset({"POST"})

_MOST_VALUES = 1_000_000


def answer(request: Request, gateway: Gateway, noun: str, verb: str) -> Response:
    """Perform one verb; one that may change or reveal something is recorded."""
    wanted, arguments = operation(noun, verb), _arguments(request)
    command, operator = (noun, verb), operator_of(request, gateway)
    if not wanted.is_recorded or wanted.is_trial(arguments):
        return json_response(perform_recorded(gateway, command, arguments, operator))
    with logged_change(request, f"{noun} {verb}", arguments) as named:
        done = perform_recorded(gateway, command, arguments, operator)
        named.update(done)
    if wanted.makes_due:
        from runtime.entry.nudge import nudge

        nudge(request.context, gateway)
    return json_response(done)


def _arguments(request: Request) -> Mapping[str, Any]:
    # Only JSON: a form that another site makes a browser send is never a verb.
    if request.media_type != "application/json":
        raise BadRequest
    arguments = request.json(most_values=_MOST_VALUES)
    if not isinstance(arguments, dict):
        raise BadRequest
    return arguments


starting = late("functions.admin.starting")

ROUTES = (
    route("/(?:deliver)/(?:start)", body=UNREAD_BODY, POST=starting.start_deliver),
    # The import of a whole store, in one body.
    route(r"/(store)/(import)", body=LARGEST_BODY, POST=answer),
    route(r"/([a-z]{1,16})/([a-z-]{1,16})", body=MEDIUM_BODY, POST=answer),
)

_WAITING = ("/push/listen", "/app/check")

handler = entrypoint(
    ROUTES,
    mount="/admin",
    dialect=api_dialect,
    probed_by="POST",
    waits=lambda method, path, query: path in _WAITING,
)
