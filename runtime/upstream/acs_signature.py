"""Signature of Aliyun's newer APIs, ACS3-HMAC-SHA256.

    Authorization: ACS3-HMAC-SHA256 Credential=ID,SignedHeaders=a;b,Signature=HEX

The signature covers method, path, query, every header that is sent, and the body by
its hash in x-acs-content-sha256. Aliyun accepts it for 15 minutes by x-acs-date, and
each x-acs-signature-nonce once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

ALGORITHM = "ACS3-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key; one of a role has a `security_token` and ends within hours."""

    id: str = field(repr=False)
    secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)


def signed_headers(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key: AccessKey,
) -> dict[str, str]:
    """Return the headers of a signed request; the given ones are in lower case."""
    sent = {**headers, "x-acs-content-sha256": hashlib.sha256(body).hexdigest()}
    if key.security_token:
        sent["x-acs-security-token"] = key.security_token
    return {**sent, "authorization": authorization(method, path, sent, key=key)}


def authorization(
    method: str,
    path: str,
    headers: Mapping[str, str],
    *,
    key: AccessKey,
    query: str = "",
) -> str:
    """Return the header Authorization for a request with exactly these headers.

    Path and query are percent-encoded already, and the query's pairs are sorted.
    """
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name].strip()}" for name in sorted(headers)]
    content = headers["x-acs-content-sha256"]
    request = "\n".join([method, path, query, *lines, "", names, content])
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(key.secret.encode(), text.encode(), "sha256").hex()
    return (
        f"{ALGORITHM} Credential={key.id},SignedHeaders={names},Signature={signature}"
    )
