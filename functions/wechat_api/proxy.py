"""Any other API path: the real token is put in, the answer comes back as it is."""

from __future__ import annotations

import re

from functions.wechat_api.authentication import access_of
from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.messages import Headers, Request, Response

_REFUSED = re.compile(
    # Paths that take or reveal a secret or a token, and sign-in, which has its own.
    r"/cgi-bin/(clear_quota/v2|component/.*|token|stable_token)|/sns/.*"
)
_PASSED_UP = re.compile(r"content-type|wechatmp-.*")
_PASSED_DOWN = re.compile(
    r"content-(type|disposition|encoding|language)|cache-control|etag|last-modified"
    r"|wechatmp-.*",
    re.IGNORECASE,
)


def proxy(request: Request, gateway: Gateway) -> Response:
    """Forward the call and return WeChat's status, content type and bytes."""
    if _REFUSED.fullmatch(request.path):
        raise ApiRefused(48001, "path_not_proxied")
    app, _ = access_of(request, gateway)
    target = f"{request.path}?{request.query}"
    answer = gateway.calls.send(
        app,
        request.method,
        target,
        headers={k: v for k, v in request.headers if _PASSED_UP.fullmatch(k)},
        body=request.body or None,
    )
    return Response(answer.status, _passed_down(answer.headers), answer.body)


def _passed_down(headers: Headers) -> Headers:
    return tuple(pair for pair in headers if _PASSED_DOWN.fullmatch(pair[0]))
