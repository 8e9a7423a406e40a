"""Links to a component's authorization page, checked with the page they stand on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.links import PageError
from sandbox.state.apps import App

KINDS = {
    "1": ("service",),
    "2": ("miniprogram",),
    "3": ("service", "miniprogram"),
    "6": ("service", "miniprogram"),
}
"""Kinds of accounts by auth_type; other types are of accounts the sandbox lacks."""

AUTHORIZERS = ("service", "miniprogram")


@dataclass(frozen=True, slots=True)
class EntryLink:
    """A link that passed; its pre_auth_code is not looked at here."""

    component: App
    pre_auth_code: str
    redirect_uri: str
    authorizers: tuple[str, ...]
    categories: tuple[int, ...]


def read_entry_link(
    apps: Mapping[str, App],
    pairs: Sequence[tuple[str, str]],
    *,
    referer: str | None,
    on_phone: bool,
) -> EntryLink:
    """Return a checked link; PageError if it is wrong, or its page's host is."""
    query = dict(reversed(pairs))
    if on_phone and query.get("action") != "bindcomponent":
        raise PageError("action 参数错误")
    component = apps.get(query.get("component_appid", ""))
    if component is None or component.kind != "component":
        raise PageError("component_appid 参数错误")
    redirect_uri = query.get("redirect_uri", "")
    _check_hosts(component, entry=_host(referer or ""), back=_host(redirect_uri))
    return EntryLink(
        component,
        query.get("pre_auth_code", ""),
        redirect_uri,
        _authorizers(apps, query),
        _categories(query.get("category_id_list", "")),
    )


def _check_hosts(component: App, *, entry: str, back: str) -> None:
    """Refuse unless both hosts are the one registered for the component."""
    if not entry == back == component.entry_domain:
        raise PageError(
            "请确认授权入口页所在域名，与授权后回调页所在域名相同，并且，"
            "此两者都必须与申请第三方平台时填写的授权发起页域名相同。"
            f"授权入口页所在域名：{entry or '空'}"
        )


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _authorizers(apps: Mapping[str, App], query: Mapping[str, str]) -> tuple[str, ...]:
    """Return the accounts to choose from; biz_appid wins over auth_type."""
    named = query.get("biz_appid")
    if named:
        app = apps.get(named)
        if app is None or app.kind not in AUTHORIZERS:
            raise PageError("biz_appid 参数错误")
        return (named,)
    auth_type = query.get("auth_type", "3")
    kinds = KINDS.get(auth_type)
    if kinds is None:
        raise PageError("auth_type 参数错误")
    return tuple(appid for appid, app in apps.items() if app.kind in kinds)


def _categories(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"(\d{1,9}(\|\d{1,9})*)?", text, re.ASCII):
        raise PageError("category_id_list 参数错误")
    return tuple(int(one) for one in text.split("|") if one)
