"""Causes of refusals: what came, what is registered, and the command that mends it.

They are for the log and for a developer's page, not for a stranger. What came may be
anybody's text, so it is cut and cleaned; the values of a query are left out, and so is
a part of a path that could be a code, a token or an openid.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LONGEST = 120
"""Characters that are shown of a text."""

MOST_LISTED = 5

_SCAN = re.compile(r"(?<=/scan/)[^/]+")

_SHORTEST_SECRET = 25
"""No secret, token, code or openid is shorter."""

_APP_SECRET = re.compile("[0-9a-f]{32}")
_WORDS = re.compile(r"[a-z._-]+")
_MASK = "***"
_NOTHING = "nothing"


def shown(text: str) -> str:
    """Return a text on one line, without what is not printable, and cut."""
    clean = "".join(each if each.isprintable() else "?" for each in text[:LONGEST])
    return f"{clean}..." if len(text) > LONGEST else clean or _NOTHING


def shown_id(text: str, pattern: str) -> str:
    """Return an id of this form, and of other text, perhaps a secret, the length."""
    if not text or (re.fullmatch(pattern, text) and not _APP_SECRET.fullmatch(text)):
        return text or _NOTHING
    return f"a text of {len(text)} characters that is no id"


def shown_url(url: str) -> str:
    """Return a URL without user, password and the values of its query."""
    head, mark, rest = url[: 4 * LONGEST].partition("?")
    scheme, slashes, place = head.partition("://")
    if slashes:
        host, slash, path = place.partition("/")
        host = host.rpartition("@")[2]
        head = f"{scheme}://{host}{slash}{_masked_path(path)}"
    else:
        head = _masked_path(head)
    query, hash_, _ = rest.partition("#")
    if mark:
        head += "?" + "&".join(map(_masked_pair, query.split("&")))
    return shown(head + (f"{hash_}..." if hash_ else ""))


def shown_path(path: str) -> str:
    """Return a path without segments that could open something."""
    return shown(_masked_path(path))


def host_of(url: str) -> str:
    """Return what of a URL may be shown that leads nobody knows where: its host."""
    head = re.split(r"[/?#\\]", url.partition("//")[2], maxsplit=1)[0]
    return shown(head.rpartition("@")[2]) if head else "no host"


def listed(values: Collection[str]) -> str:
    """Return some values on one line, and how many more there are."""
    if not values:
        return "none"
    some = ", ".join(list(values)[:MOST_LISTED])
    more = len(values) - MOST_LISTED
    return f"{some} and {more} more" if more > 0 else some


def _masked_path(path: str) -> str:
    parts = _SCAN.sub(_MASK, path[: 4 * LONGEST]).split("/")
    return "/".join(map(_masked, parts))


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={_MASK}" if equals and len(name) < _SHORTEST_SECRET else _MASK


def _masked(segment: str) -> str:
    is_short = len(segment) < _SHORTEST_SECRET and "=" not in segment
    return segment if is_short or _WORDS.fullmatch(segment) else _MASK
