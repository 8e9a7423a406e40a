"""What is looked at with an access key: admin, and what can be seen through it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.smoke.health import version_told, well
from deploy.smoke.web import LeftOut, Step, Unwell
from management.endpoint import Endpoint
from management.failure import Failure

TOKEN = "access_token:"
_ALIVE = ("fresh", "fetched", "busy")


@dataclass(frozen=True, slots=True)
class Key:
    """What an access key opens: the function admin, and calls of a function."""

    admin: Endpoint
    client: Any
    service: str


def signed_steps(key: Key, expected: str) -> list[Step]:
    """Return the steps for whoever may call admin and invoke functions."""
    return [
        ("admin", lambda: _admin(key, expected)),
        ("documents", lambda: _documents(key.admin)),
        ("token", lambda: _token(key.admin)),
        ("refresh", lambda: _refresh(key, expected)),
    ]


def _admin(key: Key, expected: str) -> str:
    post = key.client.do_http_request
    headers = {"content-type": "application/json"}
    place = ("POST", key.service, "admin", "/healthz")
    told = _called(lambda: post(*place, headers=headers, body=b"{}").json())
    return well(told, expected)


def _documents(admin: Endpoint) -> str:
    faults = admin.perform("store", "check", {})["faults"]
    if faults:
        raise Unwell(f"{len(faults)} faults: manage.py store check")
    return "no fault in any"


def _token(admin: Endpoint) -> str:
    names = [str(each["name"]) for each in _shown(admin)]
    appids = [each.removeprefix(TOKEN) for each in names if each.startswith(TOKEN)]
    outcomes = {appid: _refreshed(admin, appid) for appid in appids}
    told = ", ".join(f"{appid}: {outcome}" for appid, outcome in outcomes.items())
    if set(outcomes.values()) - set(_ALIVE):
        raise Unwell(f"WeChat gives no token: {told}")
    return told or "no app has one yet"


def _refreshed(admin: Endpoint, appid: str) -> str:
    # What became of its token, which comes first, or what WeChat has said instead.
    try:
        token, *_ = admin.perform("token", "refresh", {"appid": appid})["tokens"]
    except Failure as failure:
        return str(failure)
    if token["outcome"] != "paused":
        return str(token["outcome"])
    refused = {each["errcode"] for each in _shown(admin, appid=appid)} - {None}
    return f"paused after {' '.join(map(str, sorted(refused)))}"


def _shown(admin: Endpoint, **only: str) -> list[dict[str, Any]]:
    tokens: list[dict[str, Any]] = admin.perform("token", "show", only)["tokens"]
    return tokens


def _refresh(key: Key, expected: str) -> str:
    event = json.dumps({"triggerTime": "", "triggerName": "smoke", "payload": ""})
    invoke = key.client.invoke_function
    done = _called(
        lambda: json.loads(invoke(key.service, "refresh", event.encode()).data)
    )
    if failure := done.get("error") or done.get("errorMessage"):
        raise Unwell(str(failure))
    counts = [f"{count} {what}" for what, count in done.items() if what != "version"]
    return ", ".join([version_told(done, expected), *counts])


def _called(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        told = call()
    except Exception as error:  # its HTTP client's, its own, or none in particular
        raise _judged(error) from None
    if not isinstance(told, dict):
        raise Unwell("no JSON object")
    return told


def _judged(error: Any) -> Exception:
    if not hasattr(error, "err_code"):
        return Unwell(f"{type(error).__name__}: {error}")
    # The message of the client's own error is the document that was answered.
    told = json.loads(error.message)
    if error.err_code:
        return Unwell(str(error.err_code))
    if "errorMessage" in told:
        return Unwell(f"{told.get('errorType')}: {told['errorMessage']}")
    status = error.status_code
    if status == 404:
        return LeftOut("nobody invokes functions at this address")
    return Unwell(f"{status}, and no reason")
