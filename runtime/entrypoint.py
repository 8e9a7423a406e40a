"""From a function's `handle` to the `handler` that the platform calls."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from runtime.adapters import adapter_for
from runtime.errors import BadRequest, GatewayError, PayloadTooLarge
from runtime.gateway import Gateway, current_gateway
from runtime.messages import LARGEST_BODY, Request, Response

Handle = Callable[[Request, Gateway], Response]

log = logging.getLogger("gateway")

_QUERY = re.compile("[!-~]*")
"""What a target can hold: it goes up to WeChat as it came."""


class Dialect(Protocol):
    """How a function says an error; `https` tells how browsers reach us."""

    def __call__(
        self, request: Request, error: GatewayError, *, https: bool
    ) -> Response: ...


def entrypoint(
    handle: Handle,
    *,
    mount: str,
    dialect: Dialect,
    gateway: Callable[[], Gateway] = current_gateway,
) -> Callable[[Any, Any], Any]:
    """Return the handler of a function.

    It answers the same with and without `mount` before the path, and it is the only
    place that catches everything: FC would show an uncaught error to the caller,
    stack and source lines included.
    """

    def handler(first: Any, second: Any) -> Any:
        adapter = adapter_for(first, second)
        request, https = Request("GET", "/"), False
        try:
            request = _unmounted(adapter.request(), mount)
            wired = gateway()
            https = wired.settings.secure
            return adapter(_answer(request, handle, wired))
        except GatewayError as error:
            log.info("%s %s: %s", request.request_id, mount, error.code)
            return adapter(_said(dialect, request, error, https=https))
        except Exception:
            log.exception("%s %s failed", request.request_id, mount)
            return adapter(_said(dialect, request, GatewayError(), https=https))

    return handler


def _answer(request: Request, handle: Handle, gateway: Gateway) -> Response:
    if len(request.body) > LARGEST_BODY:
        raise PayloadTooLarge
    if not _QUERY.fullmatch(request.query):
        raise BadRequest
    if request.method != "HEAD":
        return handle(request, gateway)
    return replace(handle(replace(request, method="GET"), gateway), body=b"")


def _said(
    dialect: Dialect, request: Request, error: GatewayError, *, https: bool
) -> Response:
    try:
        response = dialect(request, error, https=https)
    except Exception:
        log.exception("%s: the error could not be said", request.request_id)
        response = Response(error.status)
    return replace(response, body=b"") if request.method == "HEAD" else response


def _unmounted(request: Request, mount: str) -> Request:
    if request.path != mount and not request.path.startswith(mount + "/"):
        return request
    return replace(request, path=request.path[len(mount) :] or "/")
