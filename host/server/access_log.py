"""Access log: one line per request, with the values of the query masked."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host.server.function_handler import FunctionHandler

log = logging.getLogger("access")

_HARMLESS = frozenset(("appid", "grant_type", "lang", "response_type", "scope", "type"))
_PLAIN = re.compile(r"[\w.\-]{1,64}", re.ASCII)
_SHORT = re.compile(r"[\w.\-]{1,24}", re.ASCII)
"""No secret, token, code or openid is as short, whatever its parameter's name."""

_BEARING = re.compile(r"[^/]{65,}|(?<=/login/scan/)[^/]+")
"""Segments of a path that open something: a signed link, the address in a QR code."""

_MASK = "***"


def log_request(handler: FunctionHandler) -> None:
    """Write the line of a request that is answered: the application's log_function."""
    request = handler.request
    log_access(
        method=str(request.method),
        uri=str(request.uri),
        status=handler.get_status(),
        milliseconds=request.request_time() * 1000,
        request_id=handler.request_id,
        function=handler.name,
        client=handler.client(),
    )


def log_access(
    *,
    method: str,
    uri: str,
    status: int,
    milliseconds: float,
    request_id: str,
    function: str,
    client: str,
) -> None:
    """Write the line, at a level that depends on the status."""
    level = logging.INFO if status < 400 else logging.WARNING
    if log.isEnabledFor(level):
        log.log(
            level if status < 500 else logging.ERROR,
            "%s %s %d %.1fms %s %s %s",
            method,
            masked(uri),
            status,
            milliseconds,
            request_id,
            function or "-",
            client or "-",
        )


def masked(uri: str) -> str:
    """Return the request target with only the names and harmless values of its query.

    Every other value may be a secret, a token, a code or an openid, and so may a name
    without a value, as in `?TOKEN`. A segment of the path may be a signed link.
    """
    path, mark, query = uri.partition("?")
    path = _BEARING.sub(_MASK, path)
    if not mark:
        return path
    return path + mark + "&".join(map(_masked_pair, query.split("&")))


def _masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals or not _PLAIN.fullmatch(name):
        return _MASK
    shown = name in _HARMLESS and _SHORT.fullmatch(value)
    return f"{name}={value if shown else _MASK}"
