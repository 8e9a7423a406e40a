"""Links to WeCom's sign-in pages, checked as WeCom checks them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sandbox.links import PageError
from sandbox.wecom.corps import ANY_PORT, Corp, WecomApp

BASE, PRIVATE_INFO = "snsapi_base", "snsapi_privateinfo"


@dataclass(frozen=True, slots=True)
class CorpLink:
    """A link that passed; `app` is None where it named no agentid."""

    corp: Corp
    app: WecomApp | None
    redirect_uri: str
    scope: str = BASE
    state: str | None = None

    @property
    def appid(self) -> str:
        """Return the app's id, or the corpid without an app."""
        return self.corp.corpid if self.app is None else self.app.appid

    def granted(self, code: str) -> str:
        """Return where the browser goes with the code."""
        address, hash_mark, fragment = self.redirect_uri.partition("#")
        pairs = {"code": code}
        if self.state is not None:
            pairs["state"] = self.state
        joint = "&" if "?" in address else "?"
        return f"{address}{joint}{urlencode(pairs)}{hash_mark}{fragment}"

    def is_on(self, domain: str) -> bool:
        """Tell whether host and port of the redirect are that domain's exactly."""
        try:
            parts = urlsplit(self.redirect_uri)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not domain:
            return False
        if domain.endswith(ANY_PORT):
            return parts.hostname == domain.removesuffix(ANY_PORT)
        return parts.netloc.lower() == domain.lower()


def read_client_link(
    corps: Mapping[str, Corp],
    apps: Mapping[str, WecomApp],
    pairs: Sequence[tuple[str, str]],
    *,
    without_agentid: str,
) -> CorpLink:
    """Return a checked `/connect/oauth2/authorize` link; PageError if it is wrong.

    `without_agentid` tells what snsapi_privateinfo is without one: `error` or `base`.
    """
    query = dict(reversed(pairs))
    corp = _corp(corps, query)
    if query.get("response_type") != "code":
        raise PageError("response_type 参数错误")
    scope = query.get("scope", "")
    if scope not in (BASE, PRIVATE_INFO):
        raise PageError("scope 参数错误")
    app = _agent(apps, corp, query.get("agentid", ""))
    if scope == PRIVATE_INFO and app is None:
        if without_agentid == "error":
            raise PageError("缺少 agentid 参数", 41011)
        scope = BASE
    if not re.fullmatch("[A-Za-z0-9]{0,128}", query.get("state", "")):
        raise PageError("state 参数错误")
    link = CorpLink(corp, app, _redirect_uri(query), scope, query.get("state"))
    own = [each for each in apps.values() if each.corpid == corp.corpid]
    return _trusted(link, [app] if app is not None else own)


def read_web_link(
    corps: Mapping[str, Corp],
    apps: Mapping[str, WecomApp],
    pairs: Sequence[tuple[str, str]],
) -> CorpLink:
    """Return a checked `/wwlogin/sso/login` link; PageError if it is wrong."""
    query = dict(reversed(pairs))
    if query.get("login_type") != "CorpApp":
        raise PageError("login_type 参数错误")
    corp = _corp(corps, query)
    app = _agent(apps, corp, query.get("agentid", ""))
    if app is None:
        raise PageError("缺少 agentid 参数", 41011)
    link = CorpLink(corp, app, _redirect_uri(query), state=query.get("state"))
    return _trusted(link, [app])


def _corp(corps: Mapping[str, Corp], query: Mapping[str, str]) -> Corp:
    corp = corps.get(query.get("appid", ""))
    if corp is None:
        raise PageError("appid 参数错误", 40013)
    return corp


def _agent(apps: Mapping[str, WecomApp], corp: Corp, agentid: str) -> WecomApp | None:
    if not agentid:
        return None
    app = apps.get(f"{corp.corpid}-{agentid}")
    if app is None or not app.agentid:
        raise PageError("agentid 参数错误", 40056)
    if app.disabled:
        raise PageError("应用已停用", 50003)
    return app


def _redirect_uri(query: Mapping[str, str]) -> str:
    redirect_uri = query.get("redirect_uri", "")
    if not redirect_uri:
        raise PageError("redirect_uri 参数为空")
    return redirect_uri


def _trusted(link: CorpLink, apps: Iterable[WecomApp]) -> CorpLink:
    if not any(app.agentid and link.is_on(app.callback_domain) for app in apps):
        raise PageError("redirect_uri 需使用应用可信域名", 50001)
    return link
