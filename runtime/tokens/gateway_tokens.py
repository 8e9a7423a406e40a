"""Gateway tokens: what a business service holds in place of WeChat's access_token.

Signed, with client, app and the client's epoch in it and the time of issue in the
signature. The scopes are read from the client's document, which each process knows for
two seconds: a scope that is withdrawn is withdrawn at once. A token that was asked for
with fewer scopes carries these, too, and allows what both say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runtime.crypto.signing import BadSignature, SignatureExpired, Signer
from runtime.errors import GatewayError
from runtime.registry.models import Client
from runtime.registry.registry import Registry

LIFE_SECONDS = 7200

LONGEST = 512
"""Characters; as many as WeChat bids callers to keep for a token."""

TOKEN_READ = "token:read"
"""The scope for reading the real access_token; no path pattern stands for it."""


class InvalidToken(GatewayError):
    """The gateway token is forged, of a disabled client or of an old epoch."""

    status = 401
    errcode = 40001
    code = "invalid_token"
    message = "invalid credential, access_token is invalid or not latest"


class ExpiredToken(InvalidToken):
    """The gateway token was good once."""

    errcode = 42001
    message = "access_token expired"


class InvalidScope(GatewayError):
    """A token was asked for with scopes beyond the client's, or with too many."""

    status = 400
    errcode = 48001
    code = "invalid_scope"
    message = "The scope is not the client's, or too long for a token."


@dataclass(frozen=True, slots=True)
class Caller:
    """What a gateway token allows: the client's scopes as they stand now.

    `narrowed` are the token's own scopes, None where it was asked for without any.
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
    """Issues and reads gateway tokens."""

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
    ) -> str:
        """Return a token that lives 7200 seconds; InvalidScope if it cannot be."""
        fields: list[object] = [client.client_id, appid, client.epoch]
        if narrowed is not None:
            known = client.scopes_by_app.get(appid, ())
            if not all(in_scope(each, known) for each in narrowed):
                raise InvalidScope
            fields.append(narrowed)
        payload = json.dumps(fields, separators=(",", ":"))
        text = self._signer.sign(payload.encode(), now=now)
        if len(text) > LONGEST:
            raise InvalidScope
        return text

    def read(self, text: str, *, now: float) -> Caller:
        """Return what the token allows; InvalidToken or ExpiredToken."""
        try:
            payload = self._signer.verify(text, now=now, max_age=LIFE_SECONDS)
        except SignatureExpired:
            raise ExpiredToken from None
        except BadSignature:
            raise InvalidToken from None
        client_id, appid, epoch, narrowed = _fields(payload)
        client = self._registry.client(client_id)
        if client is None or client.disabled or client.epoch != epoch:
            raise InvalidToken
        scopes = client.scopes_by_app.get(appid, ())
        return Caller(client_id, appid, scopes, narrowed)


@lru_cache(maxsize=256)
def _fields(payload: bytes) -> tuple[str, str, int, tuple[str, ...] | None]:
    """Return what a token says; its caller comes with the same again and again."""
    client_id, appid, epoch, *narrowed = json.loads(payload)
    return client_id, appid, epoch, tuple(narrowed[0]) if narrowed else None


def in_scope(scope: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern covers a path, a narrower pattern, or names the word.

    Only a final `*` stands for more, and only for more of a path.
    """
    return any(
        scope == each
        or (
            each.endswith("*") and scope.startswith("/") and scope.startswith(each[:-1])
        )
        for each in patterns
    )
