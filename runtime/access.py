"""Gateway tokens: what a business service holds in place of WeChat's access_token.

Signed, with client, app and the client's epoch in it and the time of issue in the
signature. The scopes are read from the client's document, which each process knows for
two seconds: a scope that is withdrawn is withdrawn at once, and a token stays within
the 512 characters that WeChat bids callers to keep for one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from runtime.errors import GatewayError
from runtime.registry import Client, Registry
from runtime.signing import BadSignature, SignatureExpired, Signer

LIFE_SECONDS = 7200


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


@dataclass(frozen=True, slots=True)
class Access:
    """What a gateway token allows: the client's scopes as they stand now."""

    client_id: str
    appid: str
    scopes: tuple[str, ...]

    def allows(self, path: str) -> bool:
        """Tell whether a path is in scope."""
        return in_scope(path, self.scopes)


class AccessTokens:
    """Issues and reads gateway tokens."""

    def __init__(self, signer: Signer, registry: Registry) -> None:
        self._signer = signer
        self._registry = registry

    def issue(self, client: Client, appid: str, *, now: float) -> str:
        """Return a token that lives 7200 seconds."""
        fields = [client.client_id, appid, client.epoch]
        payload = json.dumps(fields, separators=(",", ":"))
        return self._signer.sign(payload.encode(), now=now)

    def read(self, text: str, *, now: float) -> Access:
        """Return what the token allows; InvalidToken or ExpiredToken."""
        try:
            payload = self._signer.verify(text, now=now, max_age=LIFE_SECONDS)
        except SignatureExpired:
            raise ExpiredToken from None
        except BadSignature:
            raise InvalidToken from None
        client_id, appid, epoch = json.loads(payload)
        client = self._registry.client(client_id)
        if client is None or client.disabled or client.epoch != epoch:
            raise InvalidToken
        return Access(client_id, appid, client.scopes.get(appid, ()))


def in_scope(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern names the path; only a final `*` stands for more."""
    return any(
        path.startswith(each[:-1]) if each.endswith("*") else path == each
        for each in patterns
    )
