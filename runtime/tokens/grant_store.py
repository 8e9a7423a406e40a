"""What a signed-in person is to a client: a code, then tokens, until they are revoked.

A grant is what the code stands for. Its id is the code's hash, so that Redis holds no
code; its tokens are signed and name it, so that Redis holds no token:

    gateway:grant:{id}:code      the grant while the code waits; then the word `spent`
    gateway:grant:{id}           the grant while tokens of it may live
    gateway:grant:{id}:refresh   how often its refresh token has been replaced

All three carry the id as their hash tag, so each script is safe on a cluster.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.signing import BadSignature, SignatureExpired, Signer
from runtime.errors import FlowExpired, GatewayError
from runtime.registry.registry import Registry
from runtime.sign_in.sign_outs import SignOuts
from runtime.state.redis_store import RedisStore
from runtime.state.stored_fields import known_fields
from runtime.tokens.grant import (
    ActiveGrant,
    ExpiredUserToken,
    Grant,
    InvalidGrant,
    InvalidUserToken,
    SpentCode,
)
from runtime.tokens.lifetimes import CODE_SECONDS, REFRESH_SECONDS, TOKEN_SECONDS

# ARGV: whether a second use revokes. The code's text is the
# grant's life in ms, a space, the grant as JSON; the word `spent` lives as long as the
# grant, of which a thief may come last. Returns the JSON, `spent`, or nil.
REDEEM = """
local text = redis.call('GET', KEYS[2])
if not text then return false end
if text == 'spent' then
  if ARGV[1] == '1' then redis.call('DEL', KEYS[1]) end
  return text
end
local life, grant = string.match(text, '^(%d+) (.*)$')
redis.call('SET', KEYS[2], 'spent', 'PX', life)
redis.call('SET', KEYS[1], grant, 'PX', life)
return grant
"""

# ARGV: the number of the token that is shown. Returns the next
# number, or nil.
ROTATE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local number = tonumber(redis.call('GET', KEYS[3]) or '0')
if number ~= tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('SET', KEYS[3], number + 1, 'PX', redis.call('PTTL', KEYS[1]))
return number + 1
"""


class GrantStore:
    """Gives codes for grants, tokens for codes, and takes both back."""

    def __init__(
        self,
        store: RedisStore,
        registry: Registry,
        *,
        codes: Signer,
        access: Signer,
        refresh: Signer,
        sign_outs: SignOuts,
        random: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._store = store
        self._registry = registry
        self._codes = codes
        self._access = access
        self._refresh = refresh
        self._sign_outs = sign_outs
        self._random = random

    def code(self, grant: Grant, *, flow: str | None = None) -> str:
        """Return a code for the grant: 43 characters, good once.

        With the state of a flow it is the flow's own code, see `code_of`.
        """
        code = self._random(32)
        if flow is not None:
            code = self.code_of(flow, key=self.newest_key)
        text = json.dumps(asdict(grant), ensure_ascii=False)
        life = REFRESH_SECONDS if grant.has_refresh_token else TOKEN_SECONDS
        self._store.put(
            _key(_id(code)) + ":code",
            f"{life * 1000} {text}".encode(),
            seconds=CODE_SECONDS[grant.dialect],
        )
        return code

    @property
    def newest_key(self) -> int:
        """Return the version of the key by which codes are made of flows now."""
        return self._codes.newest

    def code_of(self, flow: str, *, key: int) -> str:
        """Return the code of a flow that has one, by the flow's state.

        A callback that is repeated gets the same, and Redis need not keep it. `key` is
        the version by which it was made; FlowExpired if that one is not here, or not
        yet.
        """
        try:
            return self._codes.digest(flow, version=key)
        except BadSignature:
            raise FlowExpired from None

    def redeem(self, code: str, *, revoke: bool = True) -> tuple[str, Grant]:
        """Return the grant of a code and its id; of many callers one gets it.

        InvalidGrant if there is no such code, or the person was signed out since. A
        second use is SpentCode, and with `revoke` it ends what the first one was given
        (RFC 6749, 4.1.2).
        """
        id_ = _id(code)
        found = self._store.run(REDEEM, _keys(id_), [int(revoke)])
        if found is None:
            raise InvalidGrant
        if found == b"spent":
            raise SpentCode
        grant = _grant(found)
        if self._sign_outs.have_ended(grant.sub, since=grant.auth_time):
            self.revoke(id_)
            raise InvalidGrant
        return id_, grant

    def user_token(self, id_: str, *, now: float) -> str:
        """Return an access token of a grant; it lives TOKEN_SECONDS."""
        return self._access.sign(id_.encode(), now=now)

    def refresh_token(self, id_: str, *, now: float, number: int = 0) -> str:
        """Return the refresh token of a grant that has been replaced so often."""
        return self._refresh.sign(f"{id_} {number}".encode(), now=now)

    def read(self, token: str, *, now: float) -> ActiveGrant:
        """Return the grant of an access token; InvalidUserToken, ExpiredUserToken."""
        try:
            id_ = self._access.verify(token, now=now, max_age=TOKEN_SECONDS).decode()
        except SignatureExpired:
            raise ExpiredUserToken from None
        except BadSignature:
            raise InvalidUserToken from None
        return self._living(id_, InvalidUserToken)

    def of_refresh(self, token: str, *, now: float) -> ActiveGrant:
        """Return the grant of a refresh token; InvalidGrant."""
        try:
            payload = self._refresh.verify(token, now=now, max_age=REFRESH_SECONDS)
        except BadSignature:
            raise InvalidGrant from None
        id_, _, number = payload.decode().partition(" ")
        return self._living(id_, InvalidGrant, number=int(number))

    def rotate(self, id_: str, number: int) -> int:
        """Return the number of the next refresh token; of many callers one gets it.

        A token that has been replaced before was stolen, or used by a thief: whoever
        has a token of this grant loses it, and this is InvalidGrant (RFC 9700, 4.14).
        """
        found = self._store.run(ROTATE, _keys(id_), [number])
        if found != number + 1:
            raise InvalidGrant
        return int(found)

    def named_by(self, token: str, *, now: float) -> tuple[str, Grant] | None:
        """Return id and grant of an access or refresh token that is not too old.

        Also where it is no good at present, as while its client lacks the app.
        """
        lives = ((self._refresh, REFRESH_SECONDS), (self._access, TOKEN_SECONDS))
        for signer, life in lives:
            with suppress(BadSignature):
                payload = signer.verify(token, now=now, max_age=life)
                id_ = payload.decode().partition(" ")[0]
                stored = self._store.get(_key(id_))
                return (id_, _grant(stored)) if stored else None
        return None

    def revoke(self, id_: str) -> None:
        """End all tokens of a grant."""
        self._store.remove(_key(id_))

    def _living(
        self, id_: str, refused: type[GatewayError], *, number: int = 0
    ) -> ActiveGrant:
        stored = self._store.get(_key(id_))
        if stored is None:
            raise refused
        grant = _grant(stored)
        client = self._registry.client(grant.client_id)
        if client is None or client.disabled or not grant.is_of(client):
            raise refused
        if self._sign_outs.have_ended(grant.sub, since=grant.auth_time):
            raise refused
        return ActiveGrant(id_, grant, client, number)


def _grant(stored: bytes) -> Grant:
    return Grant(**known_fields(Grant, json.loads(stored)))


def _id(code: str) -> str:
    return sha256_hex(code)


def _key(id_: str) -> str:
    return f"gateway:grant:{{{id_}}}"


def _keys(id_: str) -> list[str]:
    return [_key(id_), _key(id_) + ":code", _key(id_) + ":refresh"]
