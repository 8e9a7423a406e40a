"""Links by which an app sends a browser to WeChat, checked as WeChat checks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sandbox.state.apps import App

_ORDER = ("appid", "redirect_uri", "response_type", "scope")
_OPTIONAL = ("state", "component_appid")
_EXTRAS = frozenset(("connect_redirect", "forcePopup", "forceSnapShot"))
_WEB_SCOPES = ("snsapi_base", "snsapi_userinfo")
_EMPTY = (("appid", 10012), ("redirect_uri", 10011), ("scope", 10010))


class PageError(Exception):
    """A page instead of a redirect: what it says, and WeChat's number if any."""

    def __init__(self, title: str, code: int | None = None) -> None:
        super().__init__(title, code)
        self.title = title
        self.code = code


@dataclass(frozen=True, slots=True)
class Link:
    """A link that passed: whom it is for, and where its answer goes."""

    app: App
    redirect_uri: str
    scope: str
    state: str | None = None
    forced_snapshot: bool = False
    component: str = ""

    def around_code(self) -> tuple[str, str]:
        """Return the callback URL, split where the code goes in."""
        address, hash_mark, fragment = self.redirect_uri.partition("#")
        head = address + ("&" if "?" in address else "?") + "code="
        state = "" if self.state is None else "&" + urlencode({"state": self.state})
        return head, state + hash_mark + fragment

    def granted(self, code: str) -> str:
        """Return where a consenting user's browser goes."""
        head, tail = self.around_code()
        state, hash_mark, fragment = tail.partition("#")
        appid = f"&appid={self.app.appid}" if self.component else ""
        return head + code + state + appid + hash_mark + fragment

    def refused(self) -> str:
        """Return where a refusing user's browser goes: the state, no code."""
        if self.state is None:
            return self.redirect_uri
        head, tail = self.around_code()
        return head.removesuffix("code=") + tail.removeprefix("&")


def read_authorize_link(
    apps: Mapping[str, App],
    pairs: Sequence[tuple[str, str]],
    *,
    authorized: Callable[[str, str], bool] = lambda component, appid: False,
) -> Link:
    """Return a checked `/connect/oauth2/authorize` link; PageError if it is wrong.

    `authorized` tells whether the component of the first appid acts for the second.
    """
    query = dict(reversed(pairs))
    for name, code in _EMPTY:
        if not query.get(name):
            raise PageError(f"{name} 参数为空", code)
    app = apps.get(query["appid"])
    if app is None:
        raise PageError("AppID 参数错误")
    if app.kind != "service":
        raise PageError("此公众号并没有这些scope的权限", 10016)
    _check_order([name for name, _ in pairs])
    component = query.get("component_appid", "")
    acting = bool(component) and authorized(component, app.appid)
    _check_redirect_uri(apps[component] if acting else app, query["redirect_uri"])
    _check_web_values(query)
    if "component_appid" in query and not acting:
        raise PageError("该公众号没有授权给这个第三方平台", 10015)
    return Link(
        app,
        query["redirect_uri"],
        query["scope"],
        query.get("state"),
        forced_snapshot=query.get("forceSnapShot") == "true",
        component=component,
    )


def read_qrconnect_link(
    apps: Mapping[str, App], pairs: Sequence[tuple[str, str]]
) -> Link:
    """Return a checked `/connect/qrconnect` link; PageError if it is wrong."""
    query = dict(reversed(pairs))
    app = apps.get(query.get("appid", ""))
    if app is None:
        raise PageError("AppID 参数错误")
    if app.kind != "website" or query.get("scope") != "snsapi_login":
        raise PageError("Scope 参数错误或没有 Scope 权限")
    # wxLogin.js leaves response_type out, the written link has it.
    if query.get("response_type", "code") != "code":
        raise PageError("response_type 参数错误")
    redirect_uri = query.get("redirect_uri", "")
    if not _is_on(app.callback_domain, redirect_uri):
        raise PageError("redirect_uri 参数错误")
    return Link(app, redirect_uri, "snsapi_login", query.get("state"))


def _check_order(names: Sequence[str]) -> None:
    tail = [name for name in names[len(_ORDER) :] if name not in _EXTRAS]
    optional = [name for name in _OPTIONAL if name in tail]
    in_order = [*_ORDER, *optional]
    if list(names[: len(in_order)]) != in_order or tail != optional:
        raise PageError("链接参数的顺序或名称有误")


def _check_redirect_uri(app: App, redirect_uri: str) -> None:
    if not _is_on(app.callback_domain, redirect_uri):
        raise PageError("redirect_uri域名与后台配置不一致", 10003)


def _check_web_values(query: Mapping[str, str]) -> None:
    if query["response_type"] != "code":
        raise PageError("response_type 参数错误")
    if query["scope"] not in _WEB_SCOPES:
        raise PageError("该公众号没有这个scope的权限", 10005)
    if query.get("state") == "":
        raise PageError("state 参数为空", 10013)
    if not re.fullmatch("[A-Za-z0-9]{1,128}", query.get("state", "0")):
        raise PageError("state 参数错误")


def _is_on(domain: str, url: str) -> bool:
    """Tell whether the host is the domain itself, whatever port and path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname == domain
