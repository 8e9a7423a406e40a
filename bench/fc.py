"""Gateway and calls of Function Compute, without a deployment."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from host.fc.context import Context, fixed_context
from host.fc.environ import base_environ, make_environ
from host.fc.function_call import Call
from host.processes.children import PROJECT
from runtime.gateway import Gateway
from runtime.settings import settings_from
from template.served import read_template

SETTINGS = {
    "PUBLIC_BASE_URL": "https://gateway.example.com",
    "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody listens
    "CONFIG_URL": "file:config",
    "MASTER_KEYS": "1:bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=",
    "COOKIE_SECRETS": "1:" + "c" * 32,
    "TOKEN_SECRETS": "1:" + "t" * 32,
    "LOGIN_CLIENT": "demo",
    "WECHAT_API_URL": "http://127.0.0.1:1",
    "WECHAT_OPEN_URL": "http://127.0.0.1:1",
}
"""A complete set with invented secrets."""


def gateway(folder: Path, **settings: str) -> Gateway:
    """Return a gateway whose documents are in this folder."""
    return Gateway(
        settings_from({**SETTINGS, "CONFIG_URL": f"file:{folder}"} | settings)
    )


def environ(uri: str, *, method: str = "GET") -> dict[str, Any]:
    """Return FC 2.0's environ of a call of wechat_api; it can be used again."""
    template = read_template(PROJECT / "template.yml")
    (function,) = (each for each in template.functions if each.name == "wechat_api")
    call = Call(
        method=method,
        uri=uri,
        path=uri.partition("?")[0],
        request_id=str(uuid.uuid4()),
        headers=_HEADERS,
    )
    context = Context(call.request_id, fixed=fixed_context(function, {}))
    base = base_environ(dict(os.environ), function=function, template=template)
    return make_environ(call, base=base, context=context)


def event(path: str, *, method: str = "GET") -> bytes:
    """Return FC 3.0's event of a call."""
    http = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "192.0.2.1",
        "userAgent": _HEADERS["user-agent"],
    }
    content = {
        "version": "v1",
        "rawPath": path,
        "headers": _HEADERS,
        "queryParameters": {},
        "body": "",
        "isBase64Encoded": True,
        "requestContext": {"requestId": str(uuid.uuid4()), "http": http},
    }
    return json.dumps(content).encode()


def lambda_event(path: str, *, method: str = "GET") -> dict[str, Any]:
    """Return the same call as a parsed event of an AWS HTTP API."""
    http = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "192.0.2.1",
        "userAgent": _HEADERS["user-agent"],
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": _HEADERS,
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "stage": "$default",
            "http": http,
        },
    }


_HEADERS = {
    "host": "gateway.example.com",
    "user-agent": "bench/1",
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-proto": "https",
}
