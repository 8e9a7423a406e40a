"""Which hosts a request may name, where the deployer has listed them."""

from __future__ import annotations

import re
from collections.abc import Collection

from runtime.errors import MisdirectedRequest
from runtime.web.messages import Request
from runtime.web.origins import HOST_NAME, IPV6, PORT

_NAMED = re.compile(rf"(?:\[({IPV6})\]|({HOST_NAME}))(?:{PORT})?", re.IGNORECASE)


def check_host(request: Request, allowed: Collection[str]) -> None:
    """Raise MisdirectedRequest unless Host, its port aside, is in the list.

    An empty list allows any: no address is ever made from Host.
    """
    if not allowed:
        return
    match = _NAMED.fullmatch(request.header("host") or "")
    if match is None or (match[1] or match[2]).lower() not in allowed:
        raise MisdirectedRequest
