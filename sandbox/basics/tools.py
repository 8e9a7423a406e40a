"""Endpoints for an account's own data: IP addresses, quotas, failed calls."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox.basics.credentials import check_secret, known_app
from sandbox.call import Answer, Call, Endpoint, OpenEndpoint
from sandbox.errors import WeChatError
from sandbox.state.quota import A_MINUTE, DAILY
from sandbox.world import App, World


def addresses(world: World, app: App, call: Call) -> Answer:
    """Answer the IP addresses of the API hosts, or those that pushes come from."""
    return {"ip_list": ["127.0.0.1"]}


def clear_quota(world: World, app: App, call: Call) -> Answer:
    """Forget today's calls of the account itself."""
    if call.fields().get("appid") != app.appid:
        raise WeChatError(40013)
    world.quota.clear(app.appid)
    return {"errcode": 0, "errmsg": "ok"}


def clear_quota_by_secret(world: World, call: Call) -> Answer:
    """Forget today's calls for an account that is out of tokens too."""
    fields = call.fields()
    app = known_app(world, fields.get("appid"))
    check_secret(app, fields.get("appsecret"))
    world.quota.clear(app.appid)
    return {"errcode": 0, "errmsg": "ok"}


def get_quota(world: World, app: App, call: Call) -> Answer:
    """Answer how much of an API's limits is used; a limit of 0 is none."""
    path = call.fields().get("cgi_path")
    if not isinstance(path, str) or not path.startswith("/"):
        raise WeChatError(76003)
    if path.startswith("/sns/"):
        raise WeChatError(76022)
    limit, used = DAILY.get(path, 0), world.quota.used(app.appid, path)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {
            "daily_limit": limit,
            "used": used,
            "remain": max(limit - used, 0),
        },
        "rate_limit": _rate(A_MINUTE.get(path, 0)),
        "component_rate_limit": _rate(0),
    }


def get_rid(world: World, app: App, call: Call) -> Answer:
    """Answer what the account's failed call looked like."""
    rid = call.fields().get("rid")
    if not isinstance(rid, str):
        raise WeChatError(47001)
    request = asdict(world.rids.of(app.appid, rid))
    del request["appid"]
    return {"errcode": 0, "errmsg": "ok", "request": request}


def _rate(calls: int) -> dict[str, Any]:
    return {"call_count": calls, "refresh_second": 60 if calls else 0}


_ALL = ("service", "miniprogram", "component")

ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/get_api_domain_ip", addresses, _ALL),
    Endpoint("GET", "/cgi-bin/getcallbackip", addresses, _ALL),
    Endpoint("POST", "/cgi-bin/clear_quota", clear_quota),
    OpenEndpoint("POST", "/cgi-bin/clear_quota/v2", clear_quota_by_secret),
    Endpoint("POST", "/cgi-bin/openapi/quota/get", get_quota),
    Endpoint("POST", "/cgi-bin/openapi/rid/get", get_rid),
)
