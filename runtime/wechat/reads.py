"""Distinction of reads and writes among WeChat's API calls, by method and path.

A read may be repeated; a write whose outcome is unknown may not. WeChat reads by POST,
too, and changes a few things by GET. What this module does not know is a write where
it is posted, and a read where it is got.
"""

from __future__ import annotations

import re

_POSTED_READ = re.compile(
    # Whole words only, and none for what may be made or used up by the call:
    # getwxacode, getuserphonenumber, get_permanent_code, get_by_token.
    r"/datacube/.*"
    r"|(.*/)?((batch)?get|query)(_(?![a-z0-9_]*(code|token|url))[a-z0-9_]*)?"
    r"|/cgi-bin/tags/getidlist|/cgi-bin/tags/members/getblacklist"
)

_WRITTEN_BY_GET = re.compile(
    # menu/delete, kfaccount/del, revertcoderelease, revertgrayrelease, undocodeaudit.
    r".*/(add|bind|clear|close|create|del|open|release|revert|send|set|unbind|undo"
    r"|update)[^/]*"
)


def is_read(method: str, path: str) -> bool:
    """Tell whether the call changes nothing at WeChat, so that it may be repeated."""
    if method in ("GET", "HEAD"):
        return not _WRITTEN_BY_GET.fullmatch(path)
    return method == "POST" and bool(_POSTED_READ.fullmatch(path))
