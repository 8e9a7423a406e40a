"""Target of the redirect after a sign-in: a path of ours or a registered origin.

Browsers and URL parsers read many texts differently. Texts that are accepted here mean
the same to all of them; every other text is replaced by the default.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote

from runtime.web.origins import origin_of

DEFAULT_NEXT = "/login/me"

_LONGEST = 2048
# Controls, spaces of every kind and the backslash: browsers drop or convert them.
_NEVER = re.compile(
    r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufeff\ud800-\udfff\\]"
)
# In a path, other programs read these as slashes, dots or line ends.
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
    """Return `value` as a URL in ASCII if a redirect to it is safe, else the default.

    `origins` are exact, such as `https://app.example.com`. A URL that begins with
    `own`, our origin, is judged by its path alone.
    """
    if value and own and value.startswith(f"{own}/"):
        value = value[len(own) :]
    if value is None or value == "/" or _NEVER.search(value):
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
    url = origin + quote(rest, safe="/%?#[]@!$&'()*+,;=:~")
    return url if len(url) <= _LONGEST else default
