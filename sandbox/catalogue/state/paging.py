"""Paging of openids: each page begins after the end of the previous one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.errors import WeChatError

Page = dict[str, Any]

PAGE = 10_000


def openid_page(openids: Sequence[str], *, after: str, size: int = PAGE) -> Page:
    """Return count, data and next_openid of the page behind `after`, "" the first.

    An empty page has no `data` and an empty next_openid; an `after` that is not in
    the list is error 40003.
    """
    begin = _position(openids, after) if after else 0
    page = list(openids[begin : begin + size])
    if not page:
        return {"count": 0, "next_openid": ""}
    return {"count": len(page), "data": {"openid": page}, "next_openid": page[-1]}


def _position(openids: Sequence[str], after: str) -> int:
    try:
        return openids.index(after) + 1
    except ValueError:
        raise WeChatError(40003) from None
