"""The admin function: POST /admin/{noun}/{verb} with a JSON object, JSON back.

The trigger's AuthType FUNCTION protects it: no unsigned call reaches this code. This
code cannot check a signature, because it does not know the key, so the trigger must
never be ANONYMOUS. No cookie is read, and no CORS header is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.admin.journal import logged_change
from runtime.entry.dialects import api_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import dispatch, route
from runtime.errors import BadRequest
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.web.messages import Request, Response, json_response

METHODS = frozenset({"POST"})


def answer(request: Request, gateway: Gateway, noun: str, verb: str) -> Response:
    """Perform one verb; a verb that may change something is logged."""
    wanted, arguments = operation(noun, verb), _arguments(request)
    if not wanted.changes:
        return json_response(perform(wanted.run, gateway, arguments))
    with logged_change(request, f"{noun} {verb}", arguments) as named:
        done = perform(wanted.run, gateway, arguments)
        named.update(done)
    return json_response(done)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


def _arguments(request: Request) -> Mapping[str, Any]:
    # Only JSON: a form that another site makes a browser send is never a verb.
    if request.media_type != "application/json":
        raise BadRequest
    arguments = request.json()
    if not isinstance(arguments, dict):
        raise BadRequest
    return arguments


ROUTES = (route(r"/([a-z]{1,16})/([a-z-]{1,16})", POST=answer),)

handler = entrypoint(handle, mount="/admin", dialect=api_dialect, probed_by="POST")
