"""Paths of WeCom's API that are never forwarded: what they take or answer is secret."""

from __future__ import annotations

import re

_REFUSED = re.compile(
    # They take a secret, or answer a token, a ticket, a permanent_code or a key.
    r"/cgi-bin/gettoken"
    r"|/cgi-bin/get_jsapi_ticket|/cgi-bin/ticket/.*"
    r"|/cgi-bin/service/(get_[a-z_]*token|(v2/)?get_permanent_code|get_pre_auth_code"
    r"|get_customized_auth_url|set_session_info|.*3rd|get_login_info"
    r"|miniprogram/jscode2session)"
    r"|/cgi-bin/corpgroup/corp/gettoken"
    r"|/cgi-bin/miniprogram/transfer_session",
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
