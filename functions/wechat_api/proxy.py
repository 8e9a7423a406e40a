"""Proxy for all other API paths: puts in the real token, returns WeChat's answer."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from functions.wechat_api.authentication import caller_for_app, caller_of, rate_cost_of
from functions.wechat_api.report import Report
from runtime.errors import ApiRefused, BadRequest, GatewayError, NotFound
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.tokens.gateway_tokens import Caller
from runtime.web.messages import Headers, Request, Response

log = logging.getLogger("gateway")

_REFUSED = re.compile(
    # Paths that take or reveal a secret or a token, and the ones of sign-in.
    r"/cgi-bin/(clear_quota/v2|component/.*|openapi/rid/get|token|stable_token"
    r"|ticket/.*)|/sns/.*|/wxa/resetusersessionkey",
    re.IGNORECASE,
)
_PASSED_UP = re.compile(r"content-type|wechatmp-[a-z0-9-]+")
# No line end, which would make two headers of one, and nothing beyond latin-1.
_VALUE_UP = re.compile(r"[\t -~\x80-\xff]*")
_PASSED_DOWN = re.compile(
    r"content-(type|disposition|encoding|language)|cache-control|etag|last-modified"
    r"|wechatmp-[a-z0-9-]+",
    re.IGNORECASE,
)
# On this origin users sign in: HTML or SVG of WeChat's must not run a script here.
_SANDBOX = ("Content-Security-Policy", "sandbox")
# FC accepts no control characters, and drops what is not ASCII.
_VALUE_DOWN = re.compile(r"[\t -~]*")


def proxy(request: Request, gateway: Gateway) -> Response:
    """Forward the call and return WeChat's status, content type and bytes."""
    _check_path(request.path)
    app, caller = caller_of(request, gateway)
    return _forwarded(request, gateway, app, caller)


def proxy_for_app(
    request: Request, gateway: Gateway, appid: str, path: str
) -> Response:
    """Forward a call whose path names the app."""
    _check_path(path)
    app, caller = caller_for_app(request, gateway, appid, scope=path)
    return _forwarded(replace(request, path=path), gateway, app, caller)


def no_path(request: Request, gateway: Gateway) -> Response:
    """Refuse a path of characters that WeChat's do not have: 41001, else 40066."""
    caller_of(request, gateway)
    raise NotFound


def _check_path(path: str) -> None:
    if _REFUSED.fullmatch(path.rstrip("/")):
        raise ApiRefused(48001, "path_not_proxied")


def _forwarded(
    request: Request, gateway: Gateway, app: App, caller: Caller
) -> Response:
    report, path = Report(request, caller, gateway), request.path
    try:
        with gateway.calls_in_flight.counted(caller.client_id):
            answer = gateway.calls.send(
                app,
                request.method,
                f"{path}?{request.query}",
                headers=_headers_up(request.headers),
                # An upstream that ignores it would take it for the next request.
                body=None
                if request.method in ("GET", "HEAD")
                else request.body or None,
                cost=rate_cost_of(caller, gateway),
                on_attempt=report.attempted,
            )
    except GatewayError as error:
        report.failed(error)
        if error.code == "token_in_answer":
            log.error("%s %s: WeChat showed the real token", request.request_id, path)
        raise
    report.answered(answer)
    return Response(answer.status, _headers_down(answer.headers), answer.body)


def _headers_up(headers: Headers) -> dict[str, str]:
    passed = {name: value for name, value in headers if _PASSED_UP.fullmatch(name)}
    if not all(map(_VALUE_UP.fullmatch, passed.values())):
        raise BadRequest
    return passed


def _headers_down(headers: Headers) -> Headers:
    """Return the headers that pass, repeated ones in one value, and our own."""
    passed: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        if not (_PASSED_DOWN.fullmatch(name) and _VALUE_DOWN.fullmatch(value)):
            continue
        # FC 3.0 takes each header once: after a write it is too late to refuse it.
        first = passed.get(name.lower())
        passed[name.lower()] = (
            (first[0], f"{first[1]}, {value}") if first else (name, value)
        )
    return (*passed.values(), _SANDBOX)
