"""Signature check of FC 2.0 for HTTP triggers with AuthType FUNCTION."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote

from host.fc.refusals import Refusal

WINDOW = 15 * 60


@dataclass(frozen=True, slots=True)
class AccessKey:
    """The key pair with which a caller signs; an empty one signs nothing."""

    key_id: str = ""
    secret: str = field(default="", repr=False)


def check_signature(
    method: str,
    uri: str,
    *,
    headers: Mapping[str, str],
    key: AccessKey,
    now: float,
) -> None:
    """Refuse a request that `key` did not sign within the last 15 minutes.

    `headers` are by lower-case name. As on FC, only a Content-MD5 covers the body, and
    a request may be repeated within the window.
    """
    expected = f"FC {key.key_id}:{_signature(method, uri, headers, key.secret)}"
    given = headers.get("authorization", "")
    genuine = hmac.compare_digest(expected.encode(), given.encode("latin-1"))
    if not (key.key_id and key.secret and genuine):
        raise Refusal(403, "SignatureNotMatch", "the signature does not match")
    if abs(now - _time_of(headers.get("date", ""))) > WINDOW:
        raise Refusal(403, "AccessDenied", "the request's date is too far from now")


def _signature(method: str, uri: str, headers: Mapping[str, str], secret: str) -> str:
    # METHOD \n content-md5 \n content-type \n date \n headers, each with \n, resource
    signed = (headers.get(name, "") for name in ("content-md5", "content-type", "date"))
    own = sorted(pair for pair in headers.items() if pair[0].startswith("x-fc-"))
    lines = [method, *signed, *(f"{name}:{value}" for name, value in own)]
    text = "\n".join([*lines, _resource(uri)])
    digest = hmac.digest(secret.encode(), text.encode(), "sha256")
    return base64.b64encode(digest).decode()


def _resource(uri: str) -> str:
    # The decoded path, \n, and the sorted decoded pairs, blank values included. For an
    # HTTP trigger the \n is there even without a query.
    path, _, query = uri.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    return "\n".join([unquote(path), "\n".join(sorted(f"{k}={v}" for k, v in pairs))])


def _time_of(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return float("-inf")
