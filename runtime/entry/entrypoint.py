"""The entrypoint: turns a function's `handle` into the platform's `handler`."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, cast

from runtime.entry.adapters import adapter_for
from runtime.entry.dialects import Dialect, ErrorInDialect
from runtime.errors import (
    BadRequest,
    GatewayError,
    MethodNotAllowed,
    PayloadTooLarge,
)
from runtime.gateway import Gateway, current_gateway
from runtime.web.allowed_hosts import check_host
from runtime.web.messages import HSTS, LARGEST_BODY, NOSNIFF, Request, Response

Handle = Callable[[Request, Gateway], Response]

log = logging.getLogger("gateway")

_QUERY = re.compile("[!-~]*")
"""The characters of a query, which is forwarded to WeChat as it came."""

_UNREADABLE = Request("GET", "/")


class Handler(Protocol):
    """The function that the platform calls, over the gateway of its process."""

    with_gateway: Callable[[Gateway], Handler]
    """Returns the same function over another gateway, for tests."""

    waits: Callable[[str, str], bool]
    """Tells, of a method and a path, whether the view may wait for WeChat.

    A host that calls several functions at once gives such calls threads of their own.
    """

    def __call__(self, first: Any, second: Any) -> Any: ...


def entrypoint(
    handle: Handle,
    *,
    mount: str,
    dialect: Dialect,
    probed_by: str = "GET",
    waits: Callable[[str], bool] = lambda path: False,
    gateway: Callable[[], Gateway] = current_gateway,
) -> Handler:
    """Return the handler of a function.

    It answers the same with and without `mount` before the path. It answers /healthz
    for every function, by the method `probed_by`. It is the only place that catches
    every exception: FC would show an uncaught one to the caller, with its stack.
    """
    probe = _probe(mount.strip("/"), method=probed_by, gateway=gateway)

    def refuse(
        request: Request, error: GatewayError, dialect: Dialect, *, https: bool
    ) -> Response:
        log.info("%s %s: %s", request.request_id, mount, error.code)
        return _in_dialect(dialect, request, error, https=https)

    def handler(first: Any, second: Any) -> Any:
        adapter = adapter_for(first, second)
        request, https = _UNREADABLE, False
        try:
            request = adapter.request()
            path = _without_mount(request.path, mount)
            if path != request.path:
                request = replace(request, path=path)
            if request.path == "/healthz":  # for any host: a probe names a machine
                response = _answer(request, probe)
            else:
                used = gateway()
                https = used.settings.secure
                check_host(request, used.settings.allowed_hosts)
                response = _answer(request, lambda request: handle(request, used))
            return adapter(_with_security_headers(response, https=https))
        except GatewayError as error:
            response = refuse(request, error, dialect, https=https)
        except ErrorInDialect as chosen:
            response = refuse(request, chosen.error, chosen.dialect, https=https)
        except Exception:
            log.exception("%s %s failed", request.request_id, mount)
            response = _in_dialect(dialect, request, GatewayError(), https=https)
        return adapter(_with_security_headers(response, https=https))

    def with_gateway(other: Gateway) -> Handler:
        return entrypoint(
            handle,
            mount=mount,
            dialect=dialect,
            probed_by=probed_by,
            waits=waits,
            gateway=lambda: other,
        )

    # Still a function: FC does not document that it takes another callable object.
    made = cast("Handler", handler)
    made.with_gateway = with_gateway
    made.waits = lambda method, path: waits(_without_mount(path, mount))
    return made


def _probe(
    function: str, *, method: str, gateway: Callable[[], Gateway]
) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        from runtime.entry.probe import answer_probe

        if request.method != method:
            raise MethodNotAllowed(method)
        return answer_probe(request, function=function, gateway=gateway)

    return answer


def _answer(request: Request, view: Callable[[Request], Response]) -> Response:
    if len(request.body) > LARGEST_BODY:
        raise PayloadTooLarge
    if not _QUERY.fullmatch(request.query):
        raise BadRequest
    if request.method != "HEAD":
        return view(request)
    return replace(view(replace(request, method="GET")), body=b"")


def _in_dialect(
    dialect: Dialect, request: Request, error: GatewayError, *, https: bool
) -> Response:
    try:
        response = dialect(request, error, https=https)
    except Exception:
        log.exception("%s: no answer in the dialect", request.request_id)
        response = Response(error.status)
    return replace(response, body=b"") if request.method == "HEAD" else response


def _with_security_headers(response: Response, *, https: bool) -> Response:
    """Return the response with `nosniff`, and with HSTS where browsers use https."""
    needed = (NOSNIFF, HSTS) if https else (NOSNIFF,)
    missing = tuple(pair for pair in needed if pair not in response.headers)
    return response.with_headers(*missing)


def _without_mount(path: str, mount: str) -> str:
    if path != mount and not path.startswith(mount + "/"):
        return path
    return path[len(mount) :] or "/"
