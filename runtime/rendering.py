"""A template becomes a page that no cache keeps and no other site can frame."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.languages import translator
from runtime.messages import Headers, Response

if TYPE_CHECKING:
    from tornado.template import Loader  # noqa: TID251 - a type only

TEMPLATES = Path(__file__).parent / "templates"

_HEADERS: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Vary", "Accept-Language, Cookie, User-Agent"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)
_HSTS: Headers = (("Strict-Transport-Security", "max-age=31536000"),)


def render(
    language: str,
    template: str,
    *,
    status: int = 200,
    https: bool,
    frame_origin: str | None = None,
    **names: object,
) -> Response:
    """Return the template as a page in that language, every name in it escaped.

    Besides `names` a template knows `_`, `lang` and `language`. The page may run no
    script, and frame only `frame_origin`, which the caller has checked.
    """
    tag = language.replace("_", "-")
    css, digest = _style()
    names |= {"_": translator(language), "css": css, "lang": tag, "language": language}
    headers: Headers = (
        *_HEADERS,
        ("Content-Language", tag),
        ("Content-Security-Policy", _policy(digest, frame_origin=frame_origin)),
        *(_HSTS if https else ()),
    )
    return Response(status, headers, _loader().load(template).generate(**names))


@lru_cache(maxsize=1)
def _loader() -> Loader:
    # Costs 60 ms of a cold start: only a request that shows a page pays for it.
    from tornado.template import Loader  # noqa: TID251 - lazily

    return Loader(str(TEMPLATES))


@lru_cache(maxsize=1)
def _style() -> tuple[str, str]:
    """Return the style sheet and its SHA-256 as a policy names it."""
    css = (TEMPLATES / "page.css").read_text("utf-8")
    return css, b64encode(sha256(css.encode()).digest()).decode()


def _policy(style: str, *, frame_origin: str | None) -> str:
    frame = f"; frame-src {frame_origin}" if frame_origin else ""
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; img-src 'self' data:; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors 'none'{frame}"
    )
