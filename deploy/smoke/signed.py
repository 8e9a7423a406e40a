"""Checks that need an access key: the function admin, and what it can check."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
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
    """Calls with an access key: of the function admin, and of a function's event."""

    admin: Endpoint
    invoke: Callable[[str, Mapping[str, Any]], Any]


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
    answer = _called(lambda: key.admin.post("/healthz", {})[1])
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
    event = {"triggerTime": "", "triggerName": "smoke", "payload": ""}
    done = _called(lambda: key.invoke(name, event))
    if "errcode" in done:  # the path of an invocation, taken for one of WeChat's API
        raise CheckSkipped("this URL does not invoke functions")
    if "errorMessage" in done:
        raise CheckFailed(f"{done.get('errorType')}: {done['errorMessage']}")
    if "error" in done:
        raise CheckFailed(str(done["error"]))
    counts = [f"{count} {what}" for what, count in done.items() if what != "version"]
    return ", ".join([expected_version(done, expected), *counts])


def _started(key: Key) -> str:
    # The function admin has the role of all functions.
    answer = _called(lambda: key.admin.post("/deliver/start", {})[1])
    outcome = str(answer.get("outcome") or answer.get("error") or "no outcome")
    if outcome in _STARTS:
        return outcome
    if outcome in _CANNOT:
        raise CheckSkipped(f"{outcome}: a push is delivered up to a minute later")
    raise CheckFailed(
        f"{outcome}: python -m deploy.policies gateway-fc prints what the role needs"
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
    if isinstance(error, Failure):
        return error
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
