"""FC's signature, verified: `Authorization: FC id:signature`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.deployment.function_compute.rules import Refused

WINDOW = 15 * 60
KEY_ID, KEY_SECRET = "AKdeployer", "SK-of-the-deployer"


def verify(method, target, headers, body=None, *, trigger=False):
    """Refuse what our one key did not sign in this form; `headers` by lower case."""
    parts = urlsplit(target)
    names = ("content-md5", "content-type", "date")
    own = sorted(name for name in headers if name.startswith("x-fc-"))
    signed = [
        method,
        *(headers.get(name, "") for name in names),
        *(f"{name}:{headers[name]}" for name in own),
        unquote(parts.path),
    ]
    if trigger:
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        signed.append("\n".join(sorted(f"{name}={value}" for name, value in pairs)))
    text = "\n".join(signed).encode()
    digest = hmac.new(KEY_SECRET.encode(), text, hashlib.sha256).digest()
    if (
        headers.get("authorization")
        != f"FC {KEY_ID}:{base64.b64encode(digest).decode()}"
    ):
        raise Refused(403, "SignatureNotMatch", "the signature does not match")
    date = parsedate_to_datetime(headers["date"]).timestamp()
    if abs(time.time() - date) > WINDOW:
        raise Refused(403, "AccessDenied", "the date is too far from now")
    _check_body(headers, body)


def _check_body(headers, body):
    # base64 of the hex digits, not of the digest: so its own clients send it
    if body is None or "content-md5" not in headers:
        return
    digits = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if headers["content-md5"] != base64.b64encode(digits.encode()).decode():
        raise Refused(400, "InvalidArgument", "Content-MD5")
