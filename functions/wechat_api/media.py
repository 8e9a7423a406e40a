"""Links by which a browser shows a file of WeChat's, without a token in the URL."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

from functions.wechat_api.answer_headers import DISPOSITION_ON_FC
from functions.wechat_api.authentication import caller_for_app
from functions.wechat_api.forwarding import forwarded
from runtime.errors import BadRequest, WeChatRefused
from runtime.gateway import Gateway
from runtime.tokens.media_links import MEDIA_LINK_SECONDS, UnknownLink
from runtime.upstream.answer import Answer
from runtime.web.messages import Headers, Request, Response, json_response

AT_WECHAT = "/cgi-bin/media/get"

_MEDIA_ID = re.compile(r"[!-~]{1,512}")

# SVG is a document, which may run scripts and load what it likes.
_SHOWN = re.compile(r"(?:image/(?!svg)|audio/|video/)[a-z0-9.+-]+", re.IGNORECASE)

_ALWAYS = (("Cache-Control", "private"), ("Referrer-Policy", "no-referrer"))


def media_url(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer GET /{appid}/media_url?media_id= with a link that is valid for an hour."""
    app, caller = caller_for_app(request, gateway, appid, scope=AT_WECHAT)
    media_id = request.argument("media_id") or ""
    client = gateway.registry.client(caller.client_id)
    if client is None or not _MEDIA_ID.fullmatch(media_id):
        raise BadRequest
    signed = gateway.media_links.issue(client, app.appid, media_id, now=gateway.clock())
    url = f"{gateway.settings.public_base_url}/wechat_api/media/{signed}"
    return json_response({"url": url, "expires_in": MEDIA_LINK_SECONDS})


def media(request: Request, gateway: Gateway, signed: str) -> Response:
    """Answer GET /media/{signed} with the file; it counts on the client's rate."""
    caller, media_id = gateway.media_links.read(signed, now=gateway.clock())
    app = gateway.registry.app(caller.appid)
    if app is None or not caller.allows(AT_WECHAT):
        raise UnknownLink
    query = f"media_id={quote(media_id, safe='')}"
    call = replace(request, path=AT_WECHAT, query=query, headers=())
    response = forwarded(call, gateway, app, caller)
    answer = Answer(response.status, response.headers, response.body)
    if answer.errcode:
        raise WeChatRefused(answer.errcode, str(answer.json().get("errmsg", "")))
    return replace(response, headers=_headers(response.headers))


def _headers(headers: Headers) -> Headers:
    """Return the headers: media is shown, and everything else is a download.

    Function Compute drops `attachment`, so a download has no type that is shown.
    """
    named = {name.lower(): value for name, value in headers}
    kind = named.get("content-type", "").partition(";")[0].strip()
    is_shown = bool(_SHOWN.fullmatch(kind))
    way = "inline" if is_shown else "attachment"
    given = named.get("content-disposition", "").partition(";")[2].strip()
    own = {
        *("content-type", "content-disposition", "cache-control"),
        DISPOSITION_ON_FC.lower(),
    }
    return (
        ("Content-Type", kind if is_shown else "application/octet-stream"),
        ("Content-Disposition", f"{way}; {given}" if given else way),
        *_ALWAYS,
        *(pair for pair in headers if pair[0].lower() not in own),
    )
