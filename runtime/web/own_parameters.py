"""Parameters that our own pages add to a URL of ours; a client never sends them.

_renewed=2   the page was open so long that it has loaded itself twice
_repeat=1    the user wants a request answered that was answered before
_another=1   the user wants to sign in anew, though somebody is signed in
_moved=1     the browser came from another host than that of PUBLIC_BASE_URL
_makes=1     the page is to get a QR code of WeChat's, so it waits for WeChat
"""

from __future__ import annotations

import re

RENEWED = "_renewed"
REPEAT = "_repeat"
MAKES = "_makes"
ANOTHER = "_another"
MOVED = "_moved"

_NAMES = "|".join((RENEWED, REPEAT, MAKES, ANOTHER, MOVED))
_OWN = re.compile(rf"&?\b(?:{_NAMES})=[0-9]+(?=&|\Z)")


def without_own(url: str) -> str:
    """Return a URL without these parameters, and the rest letter by letter."""
    path, mark, query = url.partition("?")
    kept = _OWN.sub("", query).removeprefix("&")
    return f"{path}{mark}{kept}" if kept else path


def with_own(url: str, name: str, value: int) -> str:
    """Return a URL with one of them in place of those that it has."""
    url = without_own(url)
    return f"{url}{'&' if '?' in url else '?'}{name}={value}"
