"""Dialects: errors as WeChat's JSON, as ours, as OAuth's, or as a page."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.entry.api_sentences import sentence_of
from runtime.errors import (
    ApiRefused,
    FlowExpired,
    GatewayError,
    InvalidClient,
    MethodNotAllowed,
    NotAdmitted,
    hint_of,
)
from runtime.web.authorization_header import challenge, scheme_of
from runtime.web.messages import Headers, Request, Response, json_response

WECHAT_JSON = "application/json; encoding=utf-8"
"""WeChat's own media type, `encoding` and all."""

NO_CACHE = ("Pragma", "no-cache")
"""RFC 6749, 5.1, asks for it beside Cache-Control."""

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
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41003: "refresh_token missing",
    41004: "appsecret missing",
    41008: "missing code",
    41009: "openid missing",
    41018: "missing component_appid",
    41021: "missing component_access_token",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    45001: "media size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    47001: "data format error",
    48001: "api unauthorized",
    61003: "component is not authorized by this account",
    61006: "component ticket is invalid",
    61009: "code is invalid",
    61011: "invalid component",
    61014: "must use component token for component api",
    61023: "refresh_token is invalid",
}
"""WeChat's own text for each errcode, where it is we who refuse."""

SNS_HEADERS = (("Content-Type", "text/plain"), ("Cache-Control", "no-store"))


class Dialect(Protocol):
    """The way a function answers an error; `https` tells how browsers reach us."""

    def __call__(
        self, request: Request, error: GatewayError, *, https: bool
    ) -> Response: ...


class ErrorInDialect(Exception):
    """An error and the dialect to answer it in, where a view knows a better one."""

    def __init__(self, error: GatewayError, dialect: Dialect) -> None:
        super().__init__(error.code)
        self.error = error
        self.dialect = dialect


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The links of an error page, and its language if it is not the request's.

    `framed_by` are the origins whose pages show the sign-in in a frame. `home` and
    `back` lead to the client `client_name`; `back` takes the place of `home`, by a form
    if it has `back_fields`.
    """

    start_again: str | None = None
    home: str | None = None
    language: str | None = None
    framed_by: tuple[str, ...] = ()
    back: str | None = None
    back_fields: Mapping[str, str] | None = None
    client_name: str = ""


def web_dialect(
    request: Request,
    error: GatewayError,
    *,
    https: bool,
    links: PageLinks | None = None,
) -> Response:
    """Answer a browser with a page and its links, a program with JSON."""
    if not request.accepts_html():
        return json_dialect(request, error, https=https)
    from runtime.pages.languages import language_of
    from runtime.pages.pages import error_page, not_admitted

    links = links or default_links(error)
    if isinstance(error, NotAdmitted):
        return not_admitted(
            links.language or language_of(request),
            reference=error.reference,
            start_again=links.start_again,
            back=links.home,
            https=https,
        )
    page = error_page(
        links.language or language_of(request),
        error,
        request_id=request.request_id,
        start_again=links.start_again,
        home=links.home,
        back=links.back,
        back_fields=links.back_fields,
        client_name=links.client_name,
        framed_by=links.framed_by,
        explains=request.explains,
        https=https,
    )
    return page.with_headers(*_allow(error))


def default_links(error: GatewayError) -> PageLinks:
    """Return where the page leads if the view knows no more than the error."""
    return PageLinks(start_again="/login" if isinstance(error, FlowExpired) else None)


def json_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer in JSON, whatever the Accept header is."""
    return _json(request, error, sentence_of(error))


def api_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer a program in JSON; where WeChat refused, with its text in the message."""
    errmsg = f" ({error.errcode}: {error.errmsg})" if error.errmsg else ""
    answer = _json(request, error, sentence_of(error) + errmsg)
    if error.status == 401:
        return answer.with_headers(challenge(request))
    return answer


def api_dialect_with_errcode(
    request: Request, error: GatewayError, *, https: bool
) -> Response:
    """Answer as above, with errcode and errmsg beside, for an SDK of WeChat's."""
    answer = api_dialect(request, error, https=https)
    content = {**json.loads(answer.body), "errcode": error.errcode}
    content["errmsg"] = _errmsg(error)
    return Response(answer.status, answer.headers, _compact(content))


def oauth_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer as RFC 6749, 5.2, and RFC 6750, 3, say: `error`, `error_description`."""
    content = {"error": error.code, "error_description": error.message}
    content["request_id"] = request.request_id
    content |= _cause(request, error)
    answer = json_response(content, status=error.status)
    answer = answer.with_headers(NO_CACHE, *_retry_after(error), *_allow(error))
    if error.code == "invalid_token":
        asked = 'Bearer realm="gateway", error="invalid_token"'
        return answer.with_headers(("WWW-Authenticate", asked))
    if isinstance(error, InvalidClient) and scheme_of(request):
        # The one scheme that is spoken there, whichever was tried.
        return answer.with_headers(("WWW-Authenticate", 'Basic realm="gateway"'))
    return answer


def wechat_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer as WeChat does: 200 with errcode and errmsg, 5xx where we are at fault."""
    refused = error.status < 500 or error.code == "wechat_refused"
    content = {"errcode": error.errcode, "errmsg": _errmsg(error)}
    headers = (("Content-Type", WECHAT_JSON), ("Cache-Control", "no-store"))
    answer = Response(200 if refused else error.status, headers, _compact(content))
    return answer.with_headers(*_wechat_headers(request, error))


def sns_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer errcode and errmsg, with the comma that /sns sets before the rid."""
    errmsg = _errmsg(error)
    if ", rid:" not in errmsg:
        errmsg = errmsg.replace(" rid:", ", rid:", 1)
    answer = sns_response({"errcode": error.errcode, "errmsg": errmsg})
    return answer.with_headers(*_wechat_headers(request, error))


def sns_response(content: Mapping[str, Any]) -> Response:
    """Return compact JSON with the headers of WeChat's /sns paths."""
    return Response(200, SNS_HEADERS, _compact(content))


def _json(request: Request, error: GatewayError, message: str) -> Response:
    content = {"error": error.code, "message": message}
    content["request_id"] = request.request_id
    if isinstance(error, NotAdmitted):
        content["reference"] = error.reference
    content |= _cause(request, error)
    answer = json_response(content, status=error.status)
    return answer.with_headers(*_retry_after(error), *_allow(error))


def _errmsg(error: GatewayError) -> str:
    """Return WeChat's text, or ours with a rid of WeChat's form."""
    text = error.errmsg or ERRMSG.get(error.errcode, "system error")
    return text if "rid:" in text else f"{text} rid: {_rid()}"


def _rid() -> str:
    # Unix time in front, as in WeChat's own; the request id is in our log beside it.
    at = int(time.time())
    while True:
        rid = f"{at:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        # EasyWeChat 6 repeats a call wherever the answer's text contains 42001.
        if not any(code in rid for code in ("40001", "40014", "42001")):
            return rid
        at -= 1


def _compact(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")


def _cause(request: Request, error: GatewayError) -> dict[str, str]:
    """Return what a developer sees besides."""
    return {"cause": error.cause} if request.explains and error.cause else {}


def _wechat_headers(request: Request, error: GatewayError) -> Headers:
    hint = hint_of(error.errcode, error.errmsg)
    if isinstance(error, ApiRefused):
        hint = error.cause if request.explains and error.cause else sentence_of(error)
        hint = hint.encode("ascii", "replace").decode()
    if isinstance(error, NotAdmitted):
        hint = f"an operator admits this user by the reference {error.reference}"
    return (
        ("X-Gateway-Error", error.code),
        *((("X-Gateway-Hint", hint),) if hint else ()),
        *_retry_after(error),
        *_allow(error),
    )


def _retry_after(error: GatewayError) -> Headers:
    if error.retry_after is None:
        return ()
    return (("Retry-After", str(error.retry_after)),)


def _allow(error: GatewayError) -> Headers:
    if not isinstance(error, MethodNotAllowed):
        return ()
    return (("Allow", ", ".join(error.allowed)),)
