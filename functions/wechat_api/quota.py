"""Quota of an API: how much of its daily limit is used, at WeChat and by the client."""

from __future__ import annotations

import json

from functions.wechat_api.authentication import caller_for_app, rate_cost_of
from functions.wechat_api.report import note
from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.upstream.answer import Answer
from runtime.web.messages import Request, Response, json_response

AT_WECHAT = "/cgi-bin/openapi/quota/get"


def quota(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer GET /{appid}/quota?path=: WeChat's numbers, and the client's calls today.

    A client that may call a path may ask for its quota; WeChat's numbers are the app's.
    """
    path = request.argument("path") or ""
    app, caller = caller_for_app(request, gateway, appid, scope=path)
    if app.is_wecom:  # which tells of no quota
        raise NotFound
    with gateway.calls_in_flight.counted(caller.client_id):
        answer = gateway.calls.send(
            app,
            "POST",
            AT_WECHAT,
            headers={"Content-Type": "application/json"},
            body=json.dumps({"cgi_path": path}, ensure_ascii=False).encode(),
            cost=rate_cost_of(caller, gateway),
        )
    theirs = _numbers(answer)
    gateway.remaining_quotas.remember(caller.appid, path, theirs.get("quota"))
    note(request, caller, "quota_read")
    ours = gateway.counters.today(caller.client_id, app.appid, path)
    client = {"client": caller.client_id, "succeeded_today": ours}
    return json_response({"path": path, **theirs, "gateway": client})


def _numbers(answer: Answer) -> dict[str, object]:
    content = answer.success(AT_WECHAT)
    names = ("quota", "rate_limit", "component_rate_limit")
    return {name: content[name] for name in names if name in content}
