"""Check of pushes in the format `event`, which is signed by Standard Webhooks.

    event = read_event(request.headers, request.body, os.environ["ROUTE_SECRET"])

`ROUTE_SECRET` is the `whsec_...` that `manage.py push route add` has printed. Pushes in
the format `wechat` are checked by any WeChat library, with the route's token and key.
This file needs nothing but Python.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

TOLERANCE = 300
"""Seconds that a push may be old, or the clocks differ."""


class PushRefused(ValueError):
    """The push is not the gateway's, too old, or not whole; answer it with 403."""


def read_event(
    headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None
) -> dict[str, Any]:
    """Return the CloudEvent of a push, with `id`, `type`, `data` and more.

    The same `id` comes again where an answer was lost. `headers` are found in any
    letters, `now` is Unix time, the machine's by default. PushRefused where a header
    is missing, the signature wrong, the time too far away or the body not JSON;
    ValueError where the secret is none.
    """
    named = {name.lower(): value for name, value in headers.items()}
    try:
        id_, sent = named["webhook-id"], named["webhook-timestamp"]
        signatures = named["webhook-signature"].split()
    except KeyError as missing:
        raise PushRefused(f"the push has no header {missing}") from None
    signed = f"{id_}.{sent}.".encode() + body
    right = hmac.digest(_key_of(secret), signed, "sha256")
    if not any(_is_right(signature, right) for signature in signatures):
        raise PushRefused("the push has another signature")
    if not re.fullmatch(r"[0-9]{1,12}", sent, re.ASCII):
        raise PushRefused("the push has no time")
    if abs((time.time() if now is None else now) - int(sent)) > TOLERANCE:
        raise PushRefused(f"the push is not of the last {TOLERANCE} seconds")
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise PushRefused("the push is no JSON object")
    return event


def _key_of(secret: str) -> bytes:
    prefix, _, text = secret.strip().partition("whsec_")
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one
        key = b""
    if prefix or not key:
        raise ValueError("the secret of a route begins with whsec_, base64 follows")
    return key


def _is_right(signature: str, right: bytes) -> bool:
    version, _, text = signature.partition(",")
    try:
        given = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return version == "v1" and hmac.compare_digest(given, right)
