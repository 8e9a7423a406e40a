"""Check of the Host header against ALLOWED_HOSTS."""

from __future__ import annotations

import re
from collections.abc import Collection

from runtime.errors import MisdirectedRequest
from runtime.web.messages import Request
from runtime.web.origins import HOST_NAME, IPV6, PORT
from runtime.web.request_causes import listed, shown

_NAMED = re.compile(rf"(?:\[({IPV6})\]|({HOST_NAME}))(?:{PORT})?", re.IGNORECASE)


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
