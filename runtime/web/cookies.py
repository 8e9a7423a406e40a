"""Cookies: Tornado's signed values (version 2), and the Set-Cookie header.

A Tornado service with the same `cookie_secret` reads this format:

    2|<len>:<key version>|<len>:<unix seconds>|<len>:<name>|<len>:<base64 value>|<hex>

where hex is HMAC-SHA256 over everything up to and including the last bar. The value
is signed, not encrypted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re

from runtime.crypto.keys import Keys
from runtime.crypto.signing import ALLOWED_SKEW

_LONGEST = 8192  # all headers together, on Function Compute
_LENGTH = re.compile(r"[0-9]{1,5}")
_VERSION = re.compile(r"0|[1-9][0-9]{0,8}")
_SECONDS = re.compile(r"[0-9]{1,12}")


def sign_cookie(name: str, value: str, *, keys: Keys, now: float) -> str:
    """Return the value signed as `RequestHandler.create_signed_value` signs it."""
    version = max(keys)
    encoded = base64.b64encode(value.encode()).decode()
    fields = (str(version), str(int(now)), name, encoded)
    signed = "2|" + "".join(f"{len(field)}:{field}|" for field in fields)
    return signed + _mac(keys[version], signed)


def read_cookie(
    name: str, text: str | None, *, keys: Keys, now: float, max_age: float
) -> str | None:
    """Return the signed value; None if the cookie is absent, invalid or too old.

    In contrast to Tornado, a cookie that was signed in the future is refused.
    """
    if text is None or not text.isascii() or len(text) > _LONGEST:
        return None
    fields = _split(text)
    if fields is None:
        return None
    version, seconds, signed_name, encoded = fields
    key = keys.get(int(version)) if _VERSION.fullmatch(version) else None
    if key is None or signed_name != name or not _SECONDS.fullmatch(seconds):
        return None
    signed, _, mac = text.rpartition("|")
    if not hmac.compare_digest(_mac(key, signed + "|"), mac):
        return None
    if not -ALLOWED_SKEW <= now - int(seconds) <= max_age:
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def set_cookie(
    name: str,
    value: str,
    *,
    max_age: int,
    secure: bool,
    domain: str = "",
    http_only: bool = True,
    same_site: str = "Lax",
) -> tuple[str, str]:
    """Return a Set-Cookie header; a `max_age` of 0 removes the cookie.

    SameSite is Lax by default, because browsers come back from WeChat's pages.
    """
    parts = [f"{name}={value}", "Path=/", f"Max-Age={max_age}"]
    if domain:
        parts.append(f"Domain={domain}")
    if max_age == 0:
        parts.append("Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    flags = {
        "HttpOnly": http_only,
        f"SameSite={same_site}": True,
        "Secure": secure,
    }
    parts += [flag for flag, wanted in flags.items() if wanted]
    return "Set-Cookie", "; ".join(parts)


def _split(text: str) -> tuple[str, str, str, str] | None:
    if not text.startswith("2|"):
        return None
    fields = []
    rest = text[2:]
    for _ in range(4):
        length, colon, rest = rest.partition(":")
        if not colon or not _LENGTH.fullmatch(length):
            return None
        size = int(length)
        if rest[size : size + 1] != "|":
            return None
        fields.append(rest[:size])
        rest = rest[size + 1 :]
    if "|" in rest:
        return None
    return fields[0], fields[1], fields[2], fields[3]


def _mac(key: bytes, signed: str) -> str:
    return hmac.new(key, signed.encode(), "sha256").hexdigest()
