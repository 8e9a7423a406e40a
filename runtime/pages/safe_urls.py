"""URLs that may stand on a page, or in its policy; any other is dropped."""

from __future__ import annotations

import re

from runtime.web.origins import HOST_NAME, PORT, REST

_LINK = re.compile(rf"(?:https?://|/(?!/)){REST}", re.IGNORECASE)
_OWN_SCHEME = re.compile(rf"([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:)/{REST}")
# Stricter than an origin: a Content-Security-Policy cannot name an IPv6 address.
_ORIGIN = rf"https?://{HOST_NAME}(?:{PORT})?"
_WITH_ORIGIN = re.compile(rf"({_ORIGIN})(?:[/?#]{REST})?", re.IGNORECASE)
_PORTRAIT = re.compile(rf"https://.*|http://127\.0\.0\.1(?:{PORT})?", re.IGNORECASE)
_SCRIPT = re.compile(rf"{_ORIGIN}/[a-z0-9._~/-]+", re.IGNORECASE)
# Of data: URIs only images, which run nothing inside an <img>.
_PICTURE = re.compile(
    r"data:image/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}"
)


def link(url: str | None) -> str | None:
    """Return an http(s) URL or a local path as it is, and None for anything else."""
    return url if _LINK.fullmatch(url or "") else None


def callback_link(url: str | None) -> str | None:
    """Return a link, or a URL with the private-use scheme of an app, else None.

    For a URL that a client has registered alone: the period tells such a scheme from
    each that a browser runs or opens itself (RFC 8252, 7.1).
    """
    return url if link(url) or _OWN_SCHEME.fullmatch(url or "") else None


def origin(url: str | None) -> str | None:
    """Return a URL's origin if a policy can name it, else None."""
    match = _WITH_ORIGIN.fullmatch(url or "")
    return match[1] if match else None


def form_target(url: str) -> str | None:
    """Return what a policy names to let a form's answer redirect to this URL, or None.

    That is its origin, or the private-use scheme of an app.
    """
    own = _OWN_SCHEME.fullmatch(url)
    return own[1] if own else origin(url)


def script(url: str) -> str | None:
    """Return a script's URL if a policy can name it whole, else None."""
    return url if _SCRIPT.fullmatch(url) else None


def script_beside(page: str, path: str) -> str | None:
    """Return the URL of our script at this path, on the origin of our page's URL.

    None if a policy cannot name it.
    """
    return script(f"{origin(page) or ''}{path}")


def portrait(url: str | None) -> str | None:
    """Return the URL of a user's picture if a policy can name its origin, else None.

    It is https, or http on this machine, as the sandbox's are.
    """
    return url if _PORTRAIT.fullmatch(origin(url) or "") else None


def picture(uri: str) -> str | None:
    """Return a data: URI of a PNG, JPEG, WebP or SVG image as it is, else None."""
    return uri if _PICTURE.fullmatch(uri) else None
