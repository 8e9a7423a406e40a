"""What is looked at: every function once, and what it can reach through it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.smoke.web import Seen, Unwell, Web
from management.endpoint import Endpoint

PUBLIC = ("login", "oauth_callback", "wechat_api", "oidc")
"""The functions that anybody may call; each answers /healthz beneath its own name."""

SKEW = 30.0
"""Seconds; the callers' signatures allow 15 minutes, WeChat's tickets far less."""

Step = tuple[str, Callable[[], str]]


@dataclass(frozen=True, slots=True)
class Key:
    """What an access key opens: the function admin, and calls of a function."""

    admin: Endpoint
    client: Any
    service: str


def open_steps(web: Web, expected: str) -> list[Step]:
    """Return the steps that need no key; `expected` is a version, or any if empty."""
    return [
        *((name, _health(web, name, expected)) for name in PUBLIC),
        ("sign-in page", lambda: _page(web)),
        ("clock", lambda: _clock(web)),
        ("lock of admin", lambda: _locked(web)),
    ]


def signed_steps(key: Key, expected: str) -> list[Step]:
    """Return the steps for whoever may call admin and invoke functions."""
    return [
        ("admin", lambda: _admin(key, expected)),
        ("documents", lambda: _documents(key.admin)),
        ("token", lambda: _token(key.admin)),
        ("refresh", lambda: _refresh(key, expected)),
    ]


def _health(web: Web, name: str, expected: str) -> Callable[[], str]:
    def look() -> str:
        seen = web.ask("GET", f"/{name}/healthz")
        return f"{_well(seen.json(), expected)}, {seen.milliseconds} ms"

    return look


def _well(told: Mapping[str, Any], expected: str) -> str:
    if refusal := told.get("ErrorCode") or told.get("errorType"):
        raise Unwell(str(refusal))
    away = [name for name in ("redis", "config") if told.get(name) != "ok"]
    if away:
        raise Unwell(f"{' and '.join(away)} away")
    return _version(told, expected)


def _version(told: Mapping[str, Any], expected: str) -> str:
    found = str(told.get("version", "none"))
    if expected and found != expected:
        raise Unwell(f"version {found} in place of {expected}")
    return f"version {found}"


def _page(web: Web) -> str:
    seen = web.ask("GET", "/login", accept="text/html")
    if "attachment" in seen.headers.get("content-disposition", ""):
        raise Unwell("the page is to be saved: this is no custom domain")
    if seen.status == 501:
        return "501, nobody can sign in yet: there is no client with an app"
    if seen.status != 200 or "</html>" not in seen.body.decode(errors="replace"):
        raise Unwell(f"{seen.status}, and no page")
    return f"{seen.status}, {seen.milliseconds} ms"


def _clock(web: Web) -> str:
    there = web.ask("GET", "/login/healthz").json().get("time")
    if not isinstance(there, (int, float)):
        raise Unwell("/login/healthz tells no time")
    skew = there - time.time()
    if abs(skew) > SKEW:
        raise Unwell(f"{skew:+.0f} s from this machine's")
    return f"{skew:+.0f} s from this machine's"


def _locked(web: Web) -> str:
    seen: Seen = web.ask("POST", "/admin/healthz")
    if seen.status != 403:
        raise Unwell(f"{seen.status} for a call that nobody signed")
    return "403 for a call that nobody signed"


def _admin(key: Key, expected: str) -> str:
    post = key.client.do_http_request
    headers = {"content-type": "application/json"}
    place = ("POST", key.service, "admin", "/healthz")
    told = _called(lambda: post(*place, headers=headers, body=b"{}").json())
    return _well(told, expected)


def _documents(admin: Endpoint) -> str:
    faults = admin.perform("store", "check", {})["faults"]
    if faults:
        raise Unwell(f"{len(faults)} faults: manage.py store check")
    return "no fault in any"


def _token(admin: Endpoint) -> str:
    tokens = admin.perform("token", "show", {})["tokens"]
    if not tokens:
        return "no app has one yet"
    appid = str(tokens[0]["name"]).rpartition(":")[2]
    done = admin.perform("token", "refresh", {"appid": appid})["tokens"]
    return f"{appid}: {done[0]['outcome']}"


def _refresh(key: Key, expected: str) -> str:
    event = json.dumps({"triggerTime": "", "triggerName": "smoke", "payload": ""})
    invoke = key.client.invoke_function
    done = _called(
        lambda: json.loads(invoke(key.service, "refresh", event.encode()).data)
    )
    if failure := done.get("error") or done.get("errorMessage"):
        raise Unwell(str(failure))
    counts = [f"{count} {what}" for what, count in done.items() if what != "version"]
    return ", ".join([_version(done, expected), *counts])


def _called(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        told = call()
    except Exception as error:  # its HTTP client's, its own, or none in particular
        raise Unwell(f"{type(error).__name__}: {error}") from None
    if not isinstance(told, dict):
        raise Unwell("no JSON object")
    return told
