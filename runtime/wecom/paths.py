"""Paths of WeCom's API that are never forwarded: what they take or answer is secret."""

from __future__ import annotations

import re

_REFUSED = re.compile(
    # They take a secret, or answer a token, a ticket, a permanent_code or a key. All of
    # service/ is for suites, whose tokens the gateway does not have.
    r"/cgi-bin/(gettoken|get_jsapi_ticket|ticket/.*|service/.*|webhook/.*"
    r"|corpgroup/corp/gettoken|miniprogram/transfer_session)",
    re.IGNORECASE,
)


def is_never_forwarded(path: str) -> bool:
    """Tell whether the path takes or answers a credential of WeCom's.

    >>> is_never_forwarded("/cgi-bin/service/get_corp_token")
    True
    >>> is_never_forwarded("/cgi-bin/user/get")
    False
    """
    return bool(_REFUSED.fullmatch(path.rstrip("/")))
