"""Check of what a function answers to /healthz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.smoke.web import CheckFailed


def healthy_version(answer: Mapping[str, Any], expected: str) -> str:
    """Return the version of a healthy function; else raise CheckFailed with the reason.

    `answer` is the function's answer to /healthz, or an error in its place; `expected`
    is a version, any version if empty.
    """
    if refusal := next((answer[each] for each in _REFUSALS if answer.get(each)), None):
        raise CheckFailed(str(refusal))
    states = {"redis": None, "config": None} | {
        name: answer[name] for name in _NEEDED if name in answer
    }
    for name, state in states.items():
        if state == "other_deployment":
            raise CheckFailed(f"{_NEEDED[name]} belongs to another deployment")
        if state == "untrusted":
            raise CheckFailed(f"the certificate of {_NEEDED[name]} is not trusted")
        if state == "refused":
            refused = " ".join(answer.get(f"{name}_refused", ()))
            raise CheckFailed(f"{_NEEDED[name]} refuses {refused}")
    away = [name for name, state in states.items() if state != "ok"]
    if away:
        raise CheckFailed(f"{' and '.join(away)} away")
    if answer.get("login_client") == "unreadable":
        raise CheckFailed("LOGIN_CLIENT or one of its apps cannot be read")
    return expected_version(answer, expected)


def expected_version(answer: Mapping[str, Any], expected: str) -> str:
    """Return the version in an answer; CheckFailed if it is not the expected one."""
    found = str(answer.get("version", "none"))
    if expected and found != expected:
        raise CheckFailed(f"version {found} instead of {expected}")
    return f"version {found}"


_NEEDED = {"redis": "Redis", "push_redis": "the Redis of pushes", "config": "config"}
_NEEDED["wechat_proxy"] = "the proxy to WeChat"

_REFUSALS = ("ErrorCode", "Code", "errorType", "error")
"""Fields with the name of an error: the platform's, its runtime's, and ours."""
