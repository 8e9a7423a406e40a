"""Gateway tokens: what a business service holds in place of WeChat's access_token.

A token is signed text: client, app, the client's epoch and the time of issue. Its
scopes come from the client's document, which a process caches for two seconds, so a
scope that is withdrawn ends at once. A token that was requested with fewer scopes
carries them, and allows what both the token and the document allow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NewType

from runtime.crypto.encoding import from_base64url
from runtime.crypto.signing import BadSignature, SignatureExpired, Signer
from runtime.errors import GatewayError
from runtime.registry.models import Client
from runtime.registry.registry import Registry

GATEWAY_TOKEN_SECONDS = 7200
"""As long as WeChat's own access_token lives."""

LONGEST = 512
"""Characters; WeChat tells callers to reserve as many for a token."""


GatewayToken = NewType("GatewayToken", str)
"""A token that we issued to a client, or that a caller presents as one."""


class InvalidToken(GatewayError):
    """The gateway token is forged, or its client disabled, or its epoch old."""

    status = 401
    errcode = 40001
    code = "invalid_token"
    message = "invalid credential, access_token is invalid or not latest"


class ExpiredToken(InvalidToken):
    """The gateway token was valid once."""

    errcode = 42001
    message = "access_token expired"


class InvalidScope(GatewayError):
    """A token was requested with scopes beyond the client's, or with too many."""

    status = 400
    errcode = 48001
    code = "invalid_scope"
    message = "The scope is not the client's, or too long for a token."


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that calls for one app, with its current scopes for that app.

    `narrowed` are the scopes of its token, None where it was requested without any.
    """

    client_id: str
    appid: str
    scopes: tuple[str, ...]
    narrowed: tuple[str, ...] | None = None

    def allows(self, scope: str) -> bool:
        """Tell whether a path, or the word `token:read`, is in scope."""
        own = self.scopes if self.narrowed is None else self.narrowed
        return in_scope(scope, self.scopes) and in_scope(scope, own)


class GatewayTokens:
    """Gateway tokens: issued, checked and revoked."""

    def __init__(self, signer: Signer, registry: Registry) -> None:
        self._signer = signer
        self._registry = registry

    def issue(
        self,
        client: Client,
        appid: str,
        *,
        now: float,
        narrowed: Sequence[str] | None = None,
    ) -> GatewayToken:
        """Return a token that lives 7200 seconds; InvalidScope if it may not be."""
        fields: list[object] = [client.client_id, appid, client.epoch]
        if narrowed is not None:
            known = self._registry.scopes_of(client, appid) or ()
            if not all(in_scope(each, known) for each in narrowed):
                raise InvalidScope
            fields.append(narrowed)
        payload = json.dumps(fields, separators=(",", ":"))
        text = self._signer.sign(payload.encode(), now=now)
        if len(text) > LONGEST:
            raise InvalidScope
        return GatewayToken(text)

    def read(self, token: GatewayToken, *, now: float) -> Caller:
        """Return the caller with what it may do; InvalidToken or ExpiredToken."""
        try:
            payload = self._signer.verify(token, now=now, max_age=GATEWAY_TOKEN_SECONDS)
        except SignatureExpired:
            raise ExpiredToken from None
        except BadSignature:
            raise InvalidToken from None
        client_id, appid, epoch, narrowed = _fields(payload)
        client = self._registry.client(client_id)
        if client is None or client.disabled or client.epoch != epoch:
            raise InvalidToken
        scopes = self._registry.scopes_of(client, appid) or ()
        return Caller(client_id, appid, scopes, narrowed)


def claimed_appid(text: str) -> str:
    """Return the app that a text claims to be a token for, "" for other text.

    Anybody may claim any: it decides nothing but the form of an answer.
    """
    try:
        return _fields(from_base64url(text.partition(".")[0]))[1]
    except (ValueError, TypeError, RecursionError):
        return ""


@lru_cache(maxsize=256)
def _fields(payload: bytes) -> tuple[str, str, int, tuple[str, ...] | None]:
    """Return the fields of a token, cached: a caller sends the same many times."""
    client_id, appid, epoch, *narrowed = json.loads(payload)
    if not isinstance(appid, str):
        raise TypeError("another kind of signed text")
    return client_id, appid, epoch, tuple(narrowed[0]) if narrowed else None


def in_scope(scope: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern covers a path or a narrower pattern, or is the same word.

    Only a final `*` is a wildcard, and only for the rest of a path.
    """
    return any(
        scope == each
        or (
            each.endswith("*") and scope.startswith("/") and scope.startswith(each[:-1])
        )
        for each in patterns
    )
