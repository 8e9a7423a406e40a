"""Answers of api_query_auth, api_get_authorizer_info and the list, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from runtime.errors import WeChatUnavailable
from runtime.state.stored_fields import known_fields

SERVICE_TYPES = {0: "subscription", 1: "subscription"}
"""Kinds of an account that is no mini program, by `service_type_info`; others are
service accounts."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Value of an authorisation: the account, its tokens, what it allows.

    `seconds` is how long the access_token lives; without API rights there are no
    tokens.
    """

    appid: str
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    seconds: float = 0.0
    permission_sets: tuple[int, ...] = ()

    def as_fields(self) -> dict[str, Any]:
        """Return it as an object of JSON."""
        return asdict(self)

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> Exchanged:
        """Return what `as_fields` made."""
        return Exchanged(**known_fields(Exchanged, fields))


@dataclass(frozen=True, slots=True)
class Account:
    """An account as WeChat describes it; its `exchanged` has no access_token."""

    exchanged: Exchanged
    kind: str
    user_name: str
    service_type: int
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """An account in the list of those that stand; no token if none was exchanged."""

    appid: str
    refresh_token: str = field(repr=False)
    authorized_at: int


def exchanged_of(answer: Mapping[str, Any]) -> Exchanged:
    """Return the value of api_query_auth; WeChatUnavailable if it is none."""
    info = answer.get("authorization_info")
    if not isinstance(info, Mapping):
        raise WeChatUnavailable
    appid = info.get("authorizer_appid")
    if not isinstance(appid, str) or not appid:
        raise WeChatUnavailable
    seconds = info.get("expires_in", 0)
    return Exchanged(
        appid=appid,
        refresh_token=_text(info, "authorizer_refresh_token"),
        access_token=_text(info, "authorizer_access_token"),
        seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        permission_sets=_sets(info.get("func_info")),
    )


def account_of(answer: Mapping[str, Any]) -> Account:
    """Return the value of api_get_authorizer_info; WeChatUnavailable if it is none."""
    described = answer.get("authorizer_info")
    if not isinstance(described, Mapping):
        raise WeChatUnavailable
    kind = described.get("service_type_info")
    number = kind.get("id") if isinstance(kind, Mapping) else None
    service_type = number if type(number) is int and number >= 0 else 2
    is_mini_program = "MiniProgramInfo" in described
    return Account(
        exchanged=exchanged_of(answer),
        kind="miniprogram"
        if is_mini_program
        else SERVICE_TYPES.get(service_type, "service"),
        user_name=_text(described, "user_name"),
        service_type=service_type,
        name=_text(described, "nick_name"),
    )


def listed_of(answer: Mapping[str, Any]) -> tuple[int, list[Listed]]:
    """Return the total and one page; WeChatUnavailable if it is none."""
    total, entries = answer.get("total_count"), answer.get("list")
    if type(total) is not int or not isinstance(entries, list):
        raise WeChatUnavailable
    found = []
    for each in entries:
        appid = _text(each, "authorizer_appid") if isinstance(each, Mapping) else ""
        if appid:
            at = each.get("auth_time", 0)
            token = _text(each, "refresh_token")
            found.append(Listed(appid, token, at if type(at) is int else 0))
    return total, found


def _sets(func_info: Any) -> tuple[int, ...]:
    """Return the ids of the permission sets, ascending; what is none is left out."""
    found = set()
    for each in func_info if isinstance(func_info, list) else ():
        category = each.get("funcscope_category") if isinstance(each, Mapping) else None
        number = category.get("id") if isinstance(category, Mapping) else None
        if type(number) is int and number >= 0:
            found.add(number)
    return tuple(sorted(found))


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""
