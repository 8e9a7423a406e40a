"""Where a person goes after sign-in: a path of ours or an origin that we know.

A browser and a URL parser disagree on many texts; what passes here means the same
to both, and everything else becomes the default.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote

from runtime.web.origins import origin_of

DEFAULT_NEXT = "/login/me"

_LONGEST = 2048
# Controls, spaces of every kind and the backslash: browsers drop or turn them.
_NEVER = re.compile(
    r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufeff\ud800-\udfff\\]"
)
# In the path part these are read as slashes, dots or line ends further on.
_NEVER_IN_PATH = re.compile(r"//|/\.{1,2}(/|$)|%(2f|5c|09|0a|0d|00|2e)", re.IGNORECASE)
_OURS_BUT_NOT_PAGES = re.compile(
    r"/(login|logout|connect|oauth_callback|oidc|wechat_api|admin)(/|$)"
)


def safe_next(
    value: str | None,
    *,
    origins: Collection[str] = (),
    own: str | None = None,
    default: str = DEFAULT_NEXT,
) -> str:
    """Return `value` as an ASCII address if it is safe to go to, else the default.

    `origins` are exact, such as `https://app.example.com`, and so is `own`, ours: an
    address on it is as good as its path, and no better.
    """
    if value and own and value.startswith(f"{own}/"):
        value = value[len(own) :]
    if value is None or value in ("", "/") or _NEVER.search(value):
        return default
    origin = origin_of(value)
    if origin and origin not in origins:
        return default
    rest = value[len(origin) :]
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    if not origin and not path.startswith("/"):
        return default
    if _NEVER_IN_PATH.search(path):
        return default
    if not origin and _OURS_BUT_NOT_PAGES.match(path) and path != DEFAULT_NEXT:
        return default
    address = origin + quote(rest, safe="/%?#[]@!$&'()*+,;=:~")
    return address if len(address) <= _LONGEST else default
