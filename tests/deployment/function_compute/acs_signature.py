"""Signature of FC 3.0's API, verified: `Authorization: ACS3-HMAC-SHA256 ...`.

Restated here on purpose, as the signature of FC 2.0 is.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import time
from urllib.parse import urlsplit

from tests.deployment.function_compute.rules import Refused
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET, WINDOW

SCHEME = "ACS3-HMAC-SHA256"
VERSION = "2023-03-30"
NAMED = ("host", "x-acs-date", "x-acs-content-sha256")


def verify(method, target, headers, body, *, action):
    """Refuse what our one key did not sign; `headers` by lower case.

    `action` is the API's that is meant, None at a trigger.
    """
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    parts = dict(each.partition("=")[::2] for each in rest.split(","))
    names = parts.get("SignedHeaders", "").split(";")
    own = [name for name in headers if name.startswith("x-acs-")]
    if scheme != SCHEME or names != sorted(names) or {*NAMED, *own} - {*names}:
        raise Refused(400, "IncompleteSignature", "the signature is incomplete")
    named = headers.get("x-acs-action"), headers.get("x-acs-version")
    if action and named != (action, VERSION):
        raise Refused(404, "InvalidAction.NotFound", f"{action} is meant")
    if hashlib.sha256(body).hexdigest() != headers["x-acs-content-sha256"]:
        raise Refused(400, "SignatureDoesNotMatch", "another body")
    if parts.get("Credential") != KEY_ID:
        raise Refused(404, "InvalidAccessKeyId.NotFound", "no such key")
    if not hmac.compare_digest(
        _signature(method, target, headers, names), parts["Signature"]
    ):
        raise Refused(400, "SignatureDoesNotMatch", "the signature does not match")
    at = calendar.timegm(time.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ"))
    if abs(time.time() - at) > WINDOW:
        raise Refused(400, "InvalidTimeStamp.Expired", "the date is too far from now")


def _signature(method, target, headers, names):
    parts = urlsplit(target)
    canonical = "\n".join(
        [
            method,
            parts.path,
            "&".join(sorted(filter(None, parts.query.split("&")))),
            *(f"{name}:{headers.get(name, '').strip()}" for name in names),
            "",
            ";".join(names),
            headers["x-acs-content-sha256"],
        ]
    )
    text = f"{SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(KEY_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
