"""Check of a page's signature, as wx.config makes it."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

OK = "config:ok"
BAD_SIGNATURE = "config:fail,Error: invalid signature"
BAD_DOMAIN = "config:fail,invalid url domain"


def sign(*, ticket: str, noncestr: str, timestamp: str, url: str) -> str:
    """Return the sha1 of the four pairs in order of their names, nothing escaped."""
    page = url.partition("#")[0]
    text = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def verify(
    *,
    ticket: str | None,
    domain: str,
    noncestr: str,
    timestamp: str,
    url: str,
    signature: str,
) -> str:
    """Return the verdict that the client shows; without a ticket none is right."""
    if _host(url) != domain:
        return BAD_DOMAIN
    if ticket is None:
        return BAD_SIGNATURE
    right = sign(ticket=ticket, noncestr=noncestr, timestamp=timestamp, url=url)
    return OK if signature == right else BAD_SIGNATURE


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
