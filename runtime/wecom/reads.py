"""Distinction of reads and writes among WeCom's API calls, by method and path.

A read may be repeated; a write whose outcome is unknown may not. WeCom deletes by GET,
and takes a code of a sign-in once. What this module does not know is a write where it
is posted, and a read where it is got.
"""

from __future__ import annotations

import re

_POSTED_READ = re.compile(
    # Whole words only, and none for what may be made or used up by the call.
    r"/cgi-bin/(.*/)?(batch_?)?(get|list|search)"
    r"(_(?![a-z0-9_]*(code|token|url|ticket))[a-z0-9_]*)?"
    r"|/cgi-bin/user/convert_to_(openid|userid)|/cgi-bin/user/getuserid"
)

_WRITTEN_BY_GET = re.compile(
    # user/delete, department/delete, tag/delete, menu/delete, user/authsucc; and what
    # takes a code, which counts once.
    r".*/(add|auth|bind|clear|close|create|del|invite|open|remove|reset|revoke|send|set"
    r"|unbind|update)[^/]*"
    r"|.*/(getuserinfo(3rd)?|jscode2session)"
)


def is_read(method: str, path: str) -> bool:
    """Tell whether the call changes nothing at WeCom, so that it may be repeated."""
    path = path.rstrip("/")
    if method in ("GET", "HEAD"):
        return not _WRITTEN_BY_GET.fullmatch(path)
    return method == "POST" and bool(_POSTED_READ.fullmatch(path))
