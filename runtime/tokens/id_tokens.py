"""ID tokens: who signed in, when and for which client, signed so that all can check.

{"alg":"RS256","typ":"JWT","kid":<thumbprint>}
{"iss","sub","aud","exp","iat","auth_time"[,"nonce"][,"at_hash"], <claims>}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from runtime.crypto.encoding import base64url
from runtime.crypto.signing import ALLOWED_SKEW
from runtime.tokens.oidc_keys import ALGORITHM, OidcKeys

LIFE_SECONDS = 600

HINT_SECONDS = 30 * 86400
"""How long after its end an ID token still hints at who it was for."""

_HEADER = {"alg", "kid", "typ"}


class BadHint(Exception):
    """The text is no ID token of ours, or too old to hint at anybody."""


class IdTokens:
    """Issues ID tokens, and reads those that come back as a hint."""

    def __init__(self, keys: OidcKeys, *, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def issue(
        self,
        client_id: str,
        *,
        sub: str,
        claims: Mapping[str, Any],
        now: float,
        auth_time: int,
        access_token: str | None = None,
        nonce: str | None = None,
    ) -> str:
        """Return a token that lives ten minutes; OidcNotConfigured without a key.

        `claims` tell of the person and can replace none of the token's own.
        """
        from joserfc import jws

        own = {
            "iss": self._issuer,
            "sub": sub,
            "aud": client_id,
            "exp": int(now) + LIFE_SECONDS,
            "iat": int(now),
            "auth_time": auth_time,
        }
        if nonce is not None:
            own["nonce"] = nonce
        if access_token is not None:
            own["at_hash"] = _half_hash(access_token)
        key = self._keys.signing
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}
        text = json.dumps({**claims, **own}, separators=(",", ":"))
        return jws.serialize_compact(header, text.encode(), key, [ALGORITHM])

    def hint(self, text: str, *, now: float) -> Mapping[str, Any]:
        """Return the claims of an ID token of ours, good or expired; BadHint otherwise.

        A key is found by the `kid` among ours; what else a header may point at, such
        as jku, x5u or jwk, makes the text no token of ours.
        """
        claims = self._verified(text)
        if claims.get("iss") != self._issuer:
            raise BadHint
        # What bears our signature has our claims, each of its own type.
        if claims["iat"] > now + ALLOWED_SKEW or claims["exp"] < now - HINT_SECONDS:
            raise BadHint
        return claims

    def _verified(self, text: str) -> Mapping[str, Any]:
        from joserfc import jws
        from joserfc.errors import JoseError

        try:
            header = jws.extract_compact(text.encode()).headers()
            key = self._keys.verifying.get(str(header.get("kid")))
            if key is None or not set(header) <= _HEADER:
                raise BadHint
            token = jws.deserialize_compact(text, key, [ALGORITHM])
        except (JoseError, ValueError):
            raise BadHint from None
        claims: Mapping[str, Any] = json.loads(token.payload)
        return claims


def _half_hash(text: str) -> str:
    # OpenID Connect Core, 3.1.3.6: the left half of the hash that `alg` names.
    half = hashlib.sha256(text.encode()).digest()[:16]
    return base64url(half)
