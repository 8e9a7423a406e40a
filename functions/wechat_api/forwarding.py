"""Forwarding of a call to WeChat, once its caller is known."""

from __future__ import annotations

import re
from contextlib import ExitStack
from functools import partial

from functions.wechat_api.answer_headers import headers_down
from functions.wechat_api.authentication import rate_cost_of
from functions.wechat_api.passing import Passing
from functions.wechat_api.report import Report
from runtime.custody.protocol import RateCost
from runtime.errors import BadRequest, GatewayError
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.tokens.gateway_tokens import Caller
from runtime.upstream.answer import Answer
from runtime.web.messages import Headers, Request, Response
from runtime.web.stored_body import Body, StoredBody

_PASSED_UP = re.compile(r"content-(type|encoding)|wechatmp-[a-z0-9-]+")
# No line end, which would make two headers of one, and nothing beyond latin-1.
_VALUE_UP = re.compile(r"[\t -~\x80-\xff]*")


def forwarded(
    request: Request,
    gateway: Gateway,
    app: App,
    caller: Caller,
    *,
    robot_key: str = "",
) -> Response:
    """Return the platform's answer to the request's method, path, query and body.

    With `robot_key` the call takes that in place of the name of a robot, and no token.
    """
    report, place = Report(request, caller, gateway), ExitStack()
    body: Body = b""
    try:
        headers = _headers_up(request.headers)
        place.enter_context(gateway.calls_in_flight.counted(caller.client_id))
        body, cost = _body(request, gateway, app, caller)
        report.bytes_up = len(body)
        send = gateway.calls_of(app).send
        if robot_key:
            send = partial(gateway.wecom_calls.send_to_robot, key=robot_key)
        answer = send(
            app,
            request.method,
            f"{request.path}?{request.query}",
            headers=headers,
            # An upstream that ignores it would take it for the next request.
            body=None if request.method in ("GET", "HEAD") else body or None,
            cost=cost,
            on_attempt=report.attempted,
            in_parts=request.takes_parts,
        )
    except BaseException as error:
        place.close()
        if isinstance(error, GatewayError):
            report.failed(error)
        raise
    finally:
        if isinstance(body, StoredBody):
            body.close()
    return _passed_on(answer, report, place)


def _body(
    request: Request, gateway: Gateway, app: App, caller: Caller
) -> tuple[Body, RateCost | None]:
    """Return the body, and what the call costs; the rate is checked first."""
    cost = None if request.is_admitted else rate_cost_of(caller, gateway)
    if request.late_body is None:
        return request.body, cost
    if not request.is_admitted:
        gateway.calls_of(app).real_token(app, cost=cost)
    return request.content(), None


def _passed_on(answer: Answer, report: Report, place: ExitStack) -> Response:
    headers = headers_down(answer.headers)
    if answer.rest is None:
        place.close()
        report.answered(answer)
        return Response(answer.status, headers, answer.body)
    rest = Passing(answer, answer.rest, report, place=place)
    return Response(answer.status, headers, answer.body, rest, answer.length)


def _headers_up(headers: Headers) -> dict[str, str]:
    passed = {name: value for name, value in headers if _PASSED_UP.fullmatch(name)}
    if not all(map(_VALUE_UP.fullmatch, passed.values())):
        raise BadRequest
    return passed
