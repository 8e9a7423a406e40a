"""The rendering of templates as pages that no cache keeps.

No site can frame a page, except one of a sign-in in a client's own page.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.pages.brand import NO_BRAND, Brand
from runtime.pages.languages import translator
from runtime.web.messages import HSTS, NOSNIFF, Headers, Response

if TYPE_CHECKING:
    from tornado.template import Loader  # noqa: TID251 - a type only

TEMPLATES = Path(__file__).parent / "templates"

_NO_FRAME = ("X-Frame-Options", "DENY")
"""It knows no list of origins, and would contradict a policy that has one."""

_HEADERS: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Vary", "Accept-Language, Cookie, User-Agent"),
    NOSNIFF,
    _NO_FRAME,
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The URLs that a page's policy allows; the caller has checked each.

    The page may run `scripts`, show pictures of the origins `pictures`, frame the
    origin `frame`, and post a form whose answer redirects to one of the origins
    `form_targets`. Pages of the origins `framed_by` may frame it, and its links then go
    to the top window. With `fetches` a script may ask our own origin. With
    `names_origin` its links tell our origin, and no more, to the sites that they lead
    to; other pages tell nothing. With `tells_itself` its forms tell our own origin
    where they come from, without which Origin is `null`.
    """

    scripts: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    frame: str | None = None
    form_targets: tuple[str, ...] = ()
    framed_by: tuple[str, ...] = ()
    fetches: bool = False
    names_origin: bool = False
    tells_itself: bool = False

    @property
    def referrer(self) -> str:
        """Return the Referrer-Policy."""
        if self.names_origin:
            return "origin"
        return "same-origin" if self.tells_itself else "no-referrer"


NOTHING_MORE = Allowed()


def render(
    language: str,
    template: str,
    *,
    status: int = 200,
    https: bool,
    allowed: Allowed = NOTHING_MORE,
    style: str = "page.css",
    brand: Brand = NO_BRAND,
    **names: object,
) -> Response:
    """Return the template as a page in that language, every name in it escaped.

    Besides `names` a template knows `_`, `lang`, `language`, `framed`, and what is
    shown of the `brand`.
    """
    tag = language.replace("_", "-")
    css, digest = _style(style, brand.css)
    names |= brand.names
    names |= {"_": translator(language), "css": css, "lang": tag, "language": language}
    names |= {"framed": bool(allowed.framed_by)}
    headers: Headers = (
        *(each for each in _HEADERS if each != _NO_FRAME or not allowed.framed_by),
        ("Referrer-Policy", allowed.referrer),
        ("Content-Language", tag),
        ("Content-Security-Policy", _policy(digest, allowed)),
        *((HSTS,) if https else ()),
    )
    return Response(status, headers, _loader().load(template).generate(**names))


def fragment(language: str, template: str, **names: object) -> str:
    """Return the template as a part of a page in that language, for `raw`."""
    names |= {"_": translator(language), "language": language}
    return _loader().load(template).generate(**names).decode()


@lru_cache(maxsize=1)
def _loader() -> Loader:
    # Costs 60 ms of a cold start: only a request that shows a page pays for it.
    from tornado.template import Loader  # noqa: TID251 - lazily

    return Loader(str(TEMPLATES))


@lru_cache(maxsize=64)
def _style(name: str, more: str) -> tuple[str, str]:
    """Return the style sheet with a brand's rules, and its SHA-256 for a policy."""
    css = (TEMPLATES / name).read_text("utf-8") + more
    return css, b64encode(sha256(css.encode()).digest()).decode()


def _ancestors(allowed: Allowed) -> list[str]:
    # In the frame of WeChat's page ours is an ancestor, too.
    return ["'self'", *allowed.framed_by] if allowed.framed_by else []


def _policy(style: str, allowed: Allowed) -> str:
    directives = [
        "default-src 'none'",
        f"style-src 'sha256-{style}'",
        " ".join(["img-src data:", *allowed.pictures]),
        " ".join(["form-action 'self'", *allowed.form_targets]),
        "base-uri 'none'",
        " ".join(["frame-ancestors", *(_ancestors(allowed) or ["'none'"])]),
    ]
    if allowed.scripts:
        directives.append(" ".join(["script-src", *allowed.scripts]))
    if allowed.fetches:
        directives.append("connect-src 'self'")
    if allowed.frame:
        # WeChat's page redirects its frame back to us.
        own = ["'self'"] if allowed.framed_by else []
        directives.append(" ".join(["frame-src", allowed.frame, *own]))
    return "; ".join(directives)
