"""Pages about a session: who is signed in, and whether to go on as that user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from runtime.errors import N_
from runtime.pages.brand import NO_BRAND, Brand
from runtime.pages.languages import translator
from runtime.pages.pages import language_switches
from runtime.pages.rendering import Allowed, render
from runtime.pages.safe_urls import link, origin, portrait
from runtime.web.messages import Response

_CHINA = timezone(timedelta(hours=8))

_ACCOUNTS = {
    "service": N_("Service account"),
    "website": N_("Website app"),
    "miniprogram": N_("Mini Program"),
    "mobile": N_("Mobile app"),
    "wecom": N_("WeCom"),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in user as pages show one; WeChat may tell neither name nor picture.

    `sub` identifies the user; `at` is the sign-in's Unix time, `account` the id of the
    app that named the user, and `account_kind` its kind.
    """

    sub: str
    name: str
    picture: str | None
    at: int
    account: str
    account_kind: str


def me(
    language: str,
    visitor: Visitor,
    *,
    token: str,
    client_name: str,
    home: str | None,
    url: str,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page that shows who is signed in, with a form that signs out.

    `token` is what the form posts as `_xsrf`, `home` the home page of the client, and
    `url` this page's own.
    """
    return render(
        language,
        "me.html",
        https=https,
        brand=brand,
        allowed=_with_picture(visitor),
        shown=_shown(language, visitor),
        token=token,
        client_name=client_name,
        home=link(home),
        switches=language_switches(url),
    )


def offer(
    language: str,
    visitor: Visitor,
    *,
    url: str,
    next_: str,
    another: str,
    client_name: str,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page that offers to go on to `next_` as the user who is signed in.

    `another` is the sign-in page for somebody else, `url` this page's own.
    """
    return render(
        language,
        "offer.html",
        https=https,
        brand=brand,
        allowed=_with_picture(visitor),
        shown=_shown(language, visitor),
        next=link(next_),
        another=link(another),
        client_name=client_name,
        switches=language_switches(url),
    )


def _shown(language: str, visitor: Visitor) -> dict[str, object]:
    kind = _ACCOUNTS.get(visitor.account_kind, "")
    since = datetime.fromtimestamp(visitor.at, _CHINA)
    return {
        "sub": visitor.sub,
        "name": visitor.name,
        "initial": visitor.name[:1],
        "picture": portrait(visitor.picture),
        "account": visitor.account,
        "account_kind": translator(language)(kind) if kind else "",
        "since": since.strftime("%Y-%m-%d %H:%M"),
        "since_exactly": since.isoformat(),
    }


def _with_picture(visitor: Visitor) -> Allowed:
    found = origin(portrait(visitor.picture))
    return Allowed(pictures=(found,) if found else ())
