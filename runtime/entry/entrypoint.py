"""The entrypoint: turns a function's routes into the platform's `handler`."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, cast

from runtime.entry.adapters import Adapter, adapter_for
from runtime.entry.dialects import Dialect, ErrorInDialect
from runtime.entry.refusal_log import RefusalLog
from runtime.entry.routing import MOUNTED, Route, Routes, find, refusal_of
from runtime.entry.wsgi_adapter import BodyAwaited
from runtime.errors import (
    BadRequest,
    GatewayError,
    HeadersTooLarge,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    UriTooLong,
)
from runtime.gateway import Gateway, current_gateway
from runtime.web.allowed_hosts import check_host, is_elsewhere, moved
from runtime.web.messages import (
    HSTS,
    LARGEST_HEADERS,
    LARGEST_QUERY,
    NOSNIFF,
    Request,
    Response,
    plain_path,
)

log = logging.getLogger("gateway")

_QUERY = re.compile("[!-~]*")
"""The characters of a query, which is forwarded to WeChat as it came."""

_READ_AT_ONCE = 64 * 1024
"""That of runtime/web/stored_body.py, which a usual cold start does not import."""

_UNREADABLE = Request("GET", "/")


class Handler(Protocol):
    """The function that the platform calls, over the gateway of its process."""

    with_gateway: Callable[[Gateway], Handler]
    """Returns the same function over another gateway, for tests."""

    waits: Callable[..., bool]
    """Tells, of a method, a path and a query, whether the view may wait for WeChat.

    A host that calls several functions at once gives such calls threads of their own.
    """

    body_limit: Callable[[str, str], int]
    """Returns the size of the largest body for a method and a path, in bytes.

    The path may begin with the mount. The limit is 0 where no view would answer.
    """

    late_body: Callable[[str, str], bool]
    """Tells whether a large body is read only when the view has checked the caller.

    With GET such a body is not read at all. web/stored_body.py says how a host calls
    the function before the body has come.
    """

    def __call__(self, first: Any, second: Any) -> Any: ...


def entrypoint(
    routes: Routes,
    *,
    mount: str,
    dialect: Dialect,
    probed_by: str = "GET",
    waits: Callable[[str, str, str], bool] = lambda method, path, query: False,
    joins_slashes: bool = False,
    gateway: Callable[[], Gateway] = current_gateway,
) -> Handler:
    """Return the handler of a function.

    It answers the same with and without `mount` before the path; with `joins_slashes`
    several slashes before or after the mount count as one. It answers /healthz
    for every function, by the method `probed_by`. It is the only place that catches
    every exception: FC would show an uncaught one to the caller, with its stack.

    The body is read last and up to the route's limit, so that a request which is
    refused by its head costs no memory. A host does not have to keep such a body
    either: if more comes than `handler.body_limit(method, path)`, the host calls the
    handler at once, with the announced length in CONTENT_LENGTH (of a chunked body,
    the limit plus 1). `wsgi.input` is not read then and may be empty. The answer is
    413 in the function's own dialect, or the error that comes first, such as 404.
    """
    own_path = _without_mount_and_slashes if joins_slashes else _without_mount
    probe = _probe(mount.strip("/"), method=probed_by, gateway=gateway)

    refusals = RefusalLog(mount)

    def refuse(
        request: Request, error: GatewayError, dialect: Dialect, used: Gateway | None
    ) -> Response:
        refusals.write(request.request_id, error)
        if used and used.settings.development:
            request = replace(request, explains=True)
        https = used is not None and used.settings.secure
        return _in_dialect(dialect, request, error, https=https)

    def handler(first: Any, second: Any) -> Any:
        adapter = adapter_for(first, second)
        request, used, https = _UNREADABLE, None, False
        try:
            request = adapter.request()
            path = own_path(request.path, mount)
            if path != request.path:
                request = request.with_path(path)
            if request.path == "/healthz":  # for any host: a probe names a machine
                response = _answer(request, probe)
            else:
                used = gateway()
                https = used.settings.secure
                check_host(request, used.settings.allowed_hosts)
                if request.accepts_html():
                    request = replace(request, default_language=_language(used))
                response = _answered(routes, request, used, adapter, mount)
            return adapter(_with_security_headers(response, https=https))
        except BodyAwaited as awaited:
            return awaited.answer
        except GatewayError as error:
            response = refuse(request, error, dialect, used)
        except ErrorInDialect as chosen:
            response = refuse(request, chosen.error, chosen.dialect, used)
        except Exception:
            log.exception("%s %s failed", request.request_id, mount)
            response = _in_dialect(dialect, request, GatewayError(), https=https)
        return adapter(_with_security_headers(response, https=https))

    def with_gateway(other: Gateway) -> Handler:
        return entrypoint(
            routes,
            mount=mount,
            dialect=dialect,
            probed_by=probed_by,
            waits=waits,
            joins_slashes=joins_slashes,
            gateway=lambda: other,
        )

    def body_limit(method: str, path: str) -> int:
        asked = own_path(plain_path(path), mount)
        try:
            return find(routes, method=_as_routed(method), path=asked)[2].body
        except (NotFound, MethodNotAllowed):
            return 0

    def late_body(method: str, path: str) -> bool:
        asked = own_path(plain_path(path), mount)
        try:
            return find(routes, method=_as_routed(method), path=asked)[2].late
        except (NotFound, MethodNotAllowed):
            return False

    # Still a function: FC does not document that it takes another callable object.
    made = cast("Handler", handler)
    made.with_gateway = with_gateway
    made.waits = lambda method, path, query="": waits(
        _as_routed(method), own_path(path, mount), query
    )
    made.body_limit = body_limit
    made.late_body = late_body
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
    if len(request.query) > LARGEST_QUERY:
        raise UriTooLong
    if sum([len(value) for _, value in request.headers]) > LARGEST_HEADERS:
        raise HeadersTooLarge
    if not _QUERY.fullmatch(request.query):
        raise BadRequest
    method = _as_routed(request.method)
    if method == request.method:
        return view(request)
    return view(replace(request, method=method)).without_body()


def _as_routed(method: str) -> str:
    return "GET" if method == "HEAD" else method


def _answered(
    routes: Routes, request: Request, gateway: Gateway, adapter: Adapter, mount: str
) -> Response:
    try:
        return _answer(
            request, lambda request: _routed(routes, request, gateway, adapter, mount)
        )
    except GatewayError as error:
        # It may come before any view; a page of another origin has to read it, too.
        refused = refusal_of(routes, request.path)
        if refused is None:
            raise
        raise refused(request, gateway, error) from None


def _routed(
    routes: Routes, request: Request, gateway: Gateway, adapter: Adapter, mount: str
) -> Response:
    view, groups, route = find(routes, method=request.method, path=request.path)
    if route.page and request.method == "GET" and request.accepts_html():
        at = mount if route.page == MOUNTED else ""
        if elsewhere := _elsewhere(request, gateway, at):
            return elsewhere
    return view(_with_body(request, adapter, route), gateway, *groups)


def _language(gateway: Gateway) -> Callable[[], str]:
    return lambda: gateway.registry.gateway_settings().default_language


def _elsewhere(request: Request, gateway: Gateway, mount: str) -> Response | None:
    """Return the redirect to the host of PUBLIC_BASE_URL, None for a page there."""
    base = gateway.settings.public_base_url
    if not is_elsewhere(request, base):
        return None
    if not gateway.registry.gateway_settings().leads_on:
        return None
    path = mount if mount and request.path == "/" else mount + request.path
    return moved(request, base, path)


def _with_body(request: Request, adapter: Adapter, route: Route) -> Request:
    announced = adapter.announced() if route.late else 0
    is_admitted = adapter.is_admitted
    if announced is not None and announced <= _READ_AT_ONCE:
        body = adapter.body(route.body)
        return (
            replace(request, body=body, is_admitted=is_admitted)
            if body or is_admitted
            else request
        )
    if announced is not None and announced > route.body:
        raise PayloadTooLarge
    if request.method == "GET":
        return request
    return replace(
        request,
        late_body=lambda: adapter.late_body(route.body),
        is_admitted=is_admitted,
    )


def _in_dialect(
    dialect: Dialect, request: Request, error: GatewayError, *, https: bool
) -> Response:
    try:
        response = dialect(request, error, https=https)
    except Exception:
        log.exception("%s: no answer in the dialect", request.request_id)
        response = Response(error.status)
    return response.without_body() if request.method == "HEAD" else response


def _with_security_headers(response: Response, *, https: bool) -> Response:
    """Return the response with `nosniff`, and with HSTS where browsers use https."""
    headers = response.headers
    if https and NOSNIFF not in headers and HSTS not in headers:  # almost always
        return response.with_headers(NOSNIFF, HSTS)
    if NOSNIFF not in headers:
        response = response.with_headers(NOSNIFF)
    if https and HSTS not in headers:
        response = response.with_headers(HSTS)
    return response


def _without_mount(path: str, mount: str) -> str:
    if path != mount and not path.startswith(mount + "/"):
        return path
    return path[len(mount) :] or "/"


def _without_mount_and_slashes(path: str, mount: str) -> str:
    """Return the function's own path, with one slash in front however many came."""
    own_path = _without_mount(_with_one_slash(path), mount)
    return _with_one_slash(own_path)


# Two segments at least, and a first one that cannot pass for a host's name.
_SLASHES = re.compile("//+(?=[A-Za-z0-9_-]+/)")


def _with_one_slash(path: str) -> str:
    return _SLASHES.sub("/", path, count=1) if path.startswith("//") else path
