"""Checks that need an access key: the function admin, and what it can check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.smoke.health import expected_version, healthy_version
from deploy.smoke.web import CheckFailed, CheckSkipped, Step
from management.endpoint import Endpoint
from management.failure import Failure

TOKEN = "access_token:"
_STARTS = ("started", "under_way")
_CANNOT = ("no_role", "no_platform")
_ALIVE = ("fresh", "fetched", "busy")


@dataclass(frozen=True, slots=True)
class Key:
    """Clients of an access key: for the function admin, and to invoke a function."""

    admin: Endpoint
    client: Any
    service: str


def signed_steps(key: Key, expected: str) -> list[Step]:
    """Return the steps for a key that may call admin and invoke functions."""
    return [
        ("admin", lambda: _admin(key, expected)),
        ("documents", lambda: _documents(key.admin)),
        ("token", lambda: _token(key.admin)),
        ("refresh", lambda: _ticked(key, "refresh", expected)),
        ("deliver", lambda: _ticked(key, "deliver", expected)),
        ("nudge", lambda: _started(key)),
    ]


def _admin(key: Key, expected: str) -> str:
    post = key.client.do_http_request
    headers = {"content-type": "application/json"}
    place = ("POST", key.service, "admin", "/healthz")
    answer = _called(lambda: post(*place, headers=headers, body=b"{}").json())
    return healthy_version(answer, expected)


def _documents(admin: Endpoint) -> str:
    faults = admin.perform("store", "check", {})["faults"]
    if faults:
        raise CheckFailed(f"{len(faults)} faults: manage.py store check")
    return "no faults"


def _token(admin: Endpoint) -> str:
    shown = admin.perform("token", "show", {})["tokens"]
    names = [str(each["name"]) for each in shown]
    appids = [each.removeprefix(TOKEN) for each in names if each.startswith(TOKEN)]
    outcomes = {appid: _refreshed(admin, appid) for appid in appids}
    listed = ", ".join(f"{appid}: {outcome}" for appid, outcome in outcomes.items())
    if set(outcomes.values()) - set(_ALIVE):
        raise CheckFailed(f"no token from WeChat: {listed}")
    return listed or "no app has a token yet"


def _refreshed(admin: Endpoint, appid: str) -> str:
    # The outcome for its token, which comes first, or what WeChat has said instead.
    try:
        token, *_ = admin.perform("token", "refresh", {"appid": appid})["tokens"]
    except Failure as failure:
        return str(failure)
    return str(token["outcome"])


def _ticked(key: Key, name: str, expected: str) -> str:
    event = json.dumps({"triggerTime": "", "triggerName": "smoke", "payload": ""})
    invoke = key.client.invoke_function
    done = _called(lambda: json.loads(invoke(key.service, name, event.encode()).data))
    if "errcode" in done:  # the path of an invocation, taken for one of WeChat's API
        raise CheckSkipped("this URL does not invoke functions")
    if failure := done.get("error") or done.get("errorMessage"):
        raise CheckFailed(str(failure))
    counts = [f"{count} {what}" for what, count in done.items() if what != "version"]
    return ", ".join([expected_version(done, expected), *counts])


def _started(key: Key) -> str:
    # The function admin has the role of all functions.
    post = key.client.do_http_request
    answer = _called(
        lambda: post("POST", key.service, "admin", "/deliver/start", body=b"{}").json()
    )
    outcome = str(answer.get("outcome") or answer.get("error") or "no outcome")
    if outcome in _STARTS:
        return outcome
    if outcome in _CANNOT:
        raise CheckSkipped(f"{outcome}: a push is delivered up to a minute later")
    raise CheckFailed(
        f"{outcome}: python -m deploy.role_policy prints what the role needs"
    )


def _called(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        answer = call()
    except Exception as error:  # its HTTP client's, its own, or none in particular
        raise judged(error) from None
    if not isinstance(answer, dict):
        raise CheckFailed("no JSON object")
    return answer


def judged(error: Any) -> Exception:
    if not hasattr(error, "err_code"):
        return CheckFailed(f"{type(error).__name__}: {error}")
    # The message of the client's own error is the document that was answered.
    fault = json.loads(error.message)
    if error.err_code:
        return CheckFailed(str(error.err_code))
    if "errorMessage" in fault:
        return CheckFailed(f"{fault.get('errorType')}: {fault['errorMessage']}")
    status = error.status_code
    if status == 404:
        return CheckSkipped("this URL does not invoke functions")
    return CheckFailed(f"{status} without a reason")
