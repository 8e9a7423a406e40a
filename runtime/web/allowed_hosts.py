"""The Host header: its check against ALLOWED_HOSTS, and pages at another host.

A cookie belongs to one host, and WeChat sends the browser back to that of
PUBLIC_BASE_URL. So a page that is asked for elsewhere leads there before it sets one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from runtime.errors import MisdirectedRequest
from runtime.web.messages import Request, Response, redirect
from runtime.web.origins import HOST_NAME, IPV6, PORT
from runtime.web.own_parameters import MOVED, with_own
from runtime.web.request_causes import listed, shown

_NAMED = re.compile(rf"(?:\[({IPV6})\]|({HOST_NAME}))(?:{PORT})?", re.IGNORECASE)


def is_elsewhere(request: Request, base_url: str) -> bool:
    """Tell whether the request names another host than that of this URL.

    The port does not count, as it does not for cookies. A request that names no host
    is no browser's.
    """
    match = _NAMED.fullmatch(request.header("host") or "")
    if match is None:
        return False
    return (match[1] or match[2]).lower() != urlsplit(base_url).hostname


def moved(request: Request, base_url: str, path: str) -> Response | None:
    """Return the redirect of a page to its path at this URL, or None.

    The URL is ours, never the caller's. It is marked, and who comes with the mark is
    not sent again: behind a proxy that replaces the Host header it would be a loop.
    """
    if f"{MOVED}=" in request.query:
        return None
    target = f"{base_url}{path}"
    query = f"?{request.query}" if request.query else ""
    return redirect(with_own(target + query, MOVED, 1))


def check_host(request: Request, allowed: Collection[str]) -> None:
    """Raise MisdirectedRequest unless the host, without its port, is in the list.

    An empty list allows any host: no URL is ever made from the Host header.
    """
    if not allowed:
        return
    host = request.header("host") or ""
    match = _NAMED.fullmatch(host)
    if match is None or (match[1] or match[2]).lower() not in allowed:
        raise MisdirectedRequest(
            cause=f"the host {shown(host)} is none of ALLOWED_HOSTS: "
            f"{listed(sorted(allowed))}"
        )
