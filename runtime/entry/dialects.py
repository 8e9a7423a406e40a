"""How an error is said: in WeChat's JSON, in ours, in OAuth's, or on a page."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from runtime.errors import GatewayError, InvalidClient, MethodNotAllowed, hint_of
from runtime.web.authorization_header import challenge, scheme_of
from runtime.web.messages import Headers, Request, Response, json_response

WECHAT_JSON = "application/json; encoding=utf-8"
"""As WeChat says it, `encoding` and all."""

NO_CACHE = ("Pragma", "no-cache")
"""RFC 6749, 5.1, asks for it beside Cache-Control."""


def wechat_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer as WeChat does: 200 with errcode and errmsg, 5xx where we are at fault."""
    text = error.detail or ERRMSG.get(error.errcode, "system error")
    if "rid:" not in text:
        text += f" rid: {_rid()}"
    content = json.dumps(
        {"errcode": error.errcode, "errmsg": text},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    refused = error.status < 500 or error.code == "wechat_refused"
    headers: Headers = (
        ("Content-Type", WECHAT_JSON),
        ("Cache-Control", "no-store"),
        ("X-Gateway-Error", error.code),
    )
    status = 200 if refused else error.status
    if hint := hint_of(error.errcode, error.detail):
        headers += (("X-Gateway-Hint", hint),)
    headers += _retry_after(error) + _allow(error)
    return Response(status, headers, content.encode())


def web_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer a browser with a page that leads on, and a program with JSON."""
    if not request.accepts_html():
        return json_dialect(request, error, https=https)
    from runtime.pages.languages import choose
    from runtime.pages.pages import error_page

    page = error_page(
        error.language or choose(request),
        error,
        request_id=request.request_id,
        start_again=error.start_again,
        home=error.home or "/",
        https=https,
    )
    return page.with_headers(*_allow(error))


def json_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer a program in JSON, whatever it says that it accepts."""
    return _as_json(request, error, error.message)


def api_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer a program in JSON; where WeChat refused, with its words in the message."""
    words = f" ({error.errcode}: {error.detail})" if error.detail else ""
    answer = _as_json(request, error, error.message + words)
    if error.status == 401:
        return answer.with_headers(challenge(request))
    return answer


def oauth_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer as RFC 6749, 5.2, wants it: `error` and `error_description`."""
    content = {"error": error.code, "error_description": error.message}
    content["request_id"] = request.request_id
    answer = json_response(content, status=error.status)
    answer = answer.with_headers(
        NO_CACHE, *_retry_after(error), *_allow(error), *error.headers
    )
    if isinstance(error, InvalidClient) and scheme_of(request):
        # The one scheme that is spoken there, whichever was tried.
        return answer.with_headers(("WWW-Authenticate", 'Basic realm="gateway"'))
    return answer


def _as_json(request: Request, error: GatewayError, message: str) -> Response:
    content = {"error": error.code, "message": message}
    content["request_id"] = request.request_id
    answer = json_response(content, status=error.status)
    return answer.with_headers(*_retry_after(error), *_allow(error))


def _rid() -> str:
    # Unix time in front, as in WeChat's own; the request id is in our log beside it.
    return f"{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def _retry_after(error: GatewayError) -> Headers:
    if error.retry_after is None:
        return ()
    return (("Retry-After", str(error.retry_after)),)


def _allow(error: GatewayError) -> Headers:
    if not isinstance(error, MethodNotAllowed):
        return ()
    return (("Allow", ", ".join(error.allowed)),)


ERRMSG = {
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    41001: "access_token missing",
    41002: "appid missing",
    41003: "refresh_token missing",
    41004: "appsecret missing",
    41008: "missing code",
    41009: "openid missing",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    45001: "media size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    47001: "data format error",
    48001: "api unauthorized",
}

HEADERS = (("Content-Type", "text/plain"), ("Cache-Control", "no-store"))


def sns_response(content: Mapping[str, Any]) -> Response:
    """Return compact JSON that no cache may keep."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(200, HEADERS, text.encode(errors="replace"))


def sns_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer errcode and errmsg, with the comma that /sns sets before the rid."""
    said = wechat_dialect(request, error, https=https)
    content = json.loads(said.body)
    text = content["errmsg"]
    if ", rid:" not in text:
        content["errmsg"] = text.replace(" rid:", ", rid:", 1)
    kept = (pair for pair in said.headers if pair[0] not in dict(HEADERS))
    return sns_response(content).with_headers(*kept)
