"""ID tokens: who signed in, when and for which client, in a signed JWT.

{"alg":"RS256","typ":"JWT","kid":<thumbprint>}
{"iss","sub","aud","exp","iat","auth_time"[,"nonce"][,"at_hash"][,"sid"], <claims>}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.crypto.encoding import base64url
from runtime.crypto.signing import ALLOWED_SKEW
from runtime.tokens.oidc_keys import ALGORITHM, OidcKeys

if TYPE_CHECKING:
    from runtime.tokens.grant import UserToken

ID_TOKEN_SECONDS = 600

HINT_SECONDS = 30 * 86400
"""How long after its end an ID token is accepted as id_token_hint."""

_HEADER = {"alg", "kid", "typ"}


class BadHint(Exception):
    """The text is no ID token of ours, or too old for a hint."""


class IdTokens:
    """ID tokens: issued, and read when they come back as id_token_hint."""

    def __init__(self, keys: OidcKeys, *, issuer: str) -> None:
        self._keys = keys
        self.issuer = issuer

    def issue(
        self,
        client_id: str,
        *,
        sub: str,
        claims: Mapping[str, Any],
        now: float,
        auth_time: int,
        user_token: UserToken | None = None,
        nonce: str | None = None,
        sid: str = "",
    ) -> str:
        """Return a token that lives ten minutes; OidcNotConfigured without a key.

        `claims` describe the user and cannot replace the token's own claims. `sid` is
        what the client calls the session.
        """
        own = {
            "iss": self.issuer,
            "sub": sub,
            "aud": client_id,
            "exp": int(now) + ID_TOKEN_SECONDS,
            "iat": int(now),
            "auth_time": auth_time,
        }
        if nonce is not None:
            own["nonce"] = nonce
        if user_token is not None:
            own["at_hash"] = _half_hash(user_token)
        if sid:
            own["sid"] = sid
        return self.signed({**claims, **own})

    def signed(self, claims: Mapping[str, Any], *, type_: str = "JWT") -> str:
        """Return claims as a signed JWT of this type; no hint has another than JWT."""
        from joserfc import jws

        key = self._keys.signing
        header = {"alg": ALGORITHM, "typ": type_, "kid": key.kid}
        text = json.dumps(claims, separators=(",", ":"))
        return jws.serialize_compact(header, text.encode(), key, [ALGORITHM])

    def hint(self, text: str, *, now: float) -> Mapping[str, Any]:
        """Return the claims of an ID token of ours, even an expired one; or BadHint.

        The `kid` selects one of our keys. A header that points at another key, as by
        jku, x5u or jwk, is refused.
        """
        claims = self._verified(text)
        if claims.get("iss") != self.issuer:
            raise BadHint
        # What has our signature has our claims, each of the right type.
        if claims["iat"] > now + ALLOWED_SKEW or claims["exp"] < now - HINT_SECONDS:
            raise BadHint
        return claims

    def _verified(self, text: str) -> Mapping[str, Any]:
        from joserfc import jws
        from joserfc.errors import JoseError

        try:
            header = jws.extract_compact(text.encode()).headers()
            key = self._keys.verifying.get(str(header.get("kid")))
            is_ours = set(header) <= _HEADER and header.get("typ", "JWT") == "JWT"
            if key is None or not is_ours:
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
