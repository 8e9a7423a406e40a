"""Which addresses a client may be answered at: those it registered, letter by letter.

The one exception is RFC 8252's, 7.3: a native client listens on whatever port its
machine gives it, so on 127.0.0.1 and [::1] its port does not count.
"""

from __future__ import annotations

import re

from runtime.registry.registry import Client

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\])):([1-9][0-9]{0,4})(?=[/?]|$)")


def is_registered(client: Client, redirect_uri: str) -> bool:
    """Tell whether the client may be answered there (RFC 9700, 2.1)."""
    if redirect_uri in client.redirect_uris:
        return True
    match = _LOOPBACK.match(redirect_uri) if client.native else None
    if match is None or int(match[2]) > 65535:
        return False
    return match[1] + redirect_uri[match.end() :] in client.redirect_uris
