"""Grants in Redis: a code stands for a grant, then tokens, until it is revoked.

The id of a grant is the hash of its code, so that Redis holds no code. Its tokens are
signed and name the id, so that Redis holds no token. grant_scripts.py lists the keys.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from runtime.crypto.signing import BadSignature, SignatureExpired, Signer
from runtime.errors import FlowExpired, GatewayError
from runtime.registry.models import ANYONE
from runtime.registry.registry import Registry
from runtime.sign_in.sign_outs import SignOuts
from runtime.state.redis_store import (
    ATTEMPT_SECONDS,
    Entry,
    RedisStore,
    attempt_id,
)
from runtime.state.stored_fields import known_fields
from runtime.tokens.claims import asks_user
from runtime.tokens.grant import (
    ActiveGrant,
    ExpiredUserToken,
    Grant,
    InvalidGrant,
    InvalidUserToken,
    RefreshToken,
    SpentCode,
    UserToken,
    grant_id,
)
from runtime.tokens.grant_scripts import REDEEM, ROTATE
from runtime.tokens.lifetimes import (
    CODE_SECONDS,
    REFRESH_LEEWAY_SECONDS,
    REFRESH_TOKEN_SECONDS,
    USER_TOKEN_SECONDS,
)


class GrantStore:
    """Grants in Redis, with their codes and tokens: issued, replaced and revoked."""

    def __init__(
        self,
        store: RedisStore,
        registry: Registry,
        *,
        codes: Signer,
        user_tokens: Signer,
        refresh_tokens: Signer,
        sign_outs: SignOuts,
        random: Callable[[int], str] = secrets.token_urlsafe,
        leeway_seconds: float = REFRESH_LEEWAY_SECONDS,
    ) -> None:
        self._store = store
        self._registry = registry
        self._codes = codes
        self._user_tokens = user_tokens
        self._refresh_tokens = refresh_tokens
        self._sign_outs = sign_outs
        self._random = random
        self._leeway = round(leeway_seconds * 1000)

    def code(self, grant: Grant) -> str:
        """Store the grant and return its code, which is valid once; see `make_code`."""
        code, entry = self.make_code(grant)
        self._store.put_all([entry])
        return code

    def make_code(self, grant: Grant, *, flow: str | None = None) -> tuple[str, Entry]:
        """Return a code of 43 characters, and what has to be stored to make it valid.

        With the state of a flow it is the flow's own code, see `code_of`.
        """
        code = self._random(32)
        if flow is not None:
            code = self.code_of(flow, key=self.newest_key)
        text = json.dumps(asdict(grant), ensure_ascii=False)
        life = _life_of(grant)
        return code, Entry(
            _key(grant_id(code)) + ":code",
            f"{life * 1000} {text}".encode(),
            CODE_SECONDS[grant.dialect],
        )

    def begin(self, grant: Grant) -> str:
        """Store a grant that needs no code of ours, and return its id.

        Its tokens can be made at once: the client has proved itself by its secret.
        """
        id_ = grant_id(self._random(32))
        text = json.dumps(asdict(grant), ensure_ascii=False).encode()
        self._store.put_all([Entry(_key(id_), text, _life_of(grant))])
        return id_

    @property
    def newest_key(self) -> int:
        """Return the version of the key that now makes codes of flows."""
        return self._codes.newest

    def code_of(self, flow: str, *, key: int) -> str:
        """Return the code of a flow that has one, by the flow's state.

        A repeated callback gets the same code, and Redis need not store it. `key` is
        the version of the key that made it; FlowExpired if this process lacks it.
        """
        try:
            return self._codes.digest(flow, version=key)
        except BadSignature:
            raise FlowExpired from None

    def redeem(self, code: str, *, revoke: bool = True) -> tuple[str, Grant]:
        """Return the grant of a code and its id, to one caller only.

        InvalidGrant if there is no such code, or the user was signed out since, or the
        client no longer admits the user. A second use is SpentCode, and with `revoke`
        it ends what the first one got (RFC 6749, 4.1.2). ServiceUnavailable if the
        documents are away: then the code is not used up.
        """
        id_ = grant_id(code)
        self._check_documents(id_)
        keys = _keys(id_, "", ":code", ":refresh", ":attempt")
        arguments = [int(revoke), attempt_id(), ATTEMPT_SECONDS * 1000]
        found = self._store.run(REDEEM, keys, arguments, repeatable=True)
        if found is None:
            raise InvalidGrant(cause="the code is unknown or has expired")
        if found == b"spent":
            raise SpentCode(cause="the code was used before")
        grant = _grant(found)
        client = self._registry.client(grant.client_id)
        if self._sign_outs.have_ended(grant.sub, since=grant.auth_time) or not (
            client and self._registry.admits(client, grant.sub, grant.profile)
        ):
            self.revoke(id_)
            raise InvalidGrant(
                cause="the user has signed out everywhere, or the client is gone or "
                "no longer admits the user"
            )
        return id_, grant

    def _check_documents(self, id_: str) -> None:
        waiting = self._store.get(_key(id_) + ":code") or b"spent"
        if waiting == b"spent":
            return
        grant = _grant(waiting.partition(b" ")[2])
        client = self._registry.client(grant.client_id)
        if client and (client.allow != ANYONE or asks_user(grant)):
            self._registry.known_user(grant.sub)

    def is_redeemed(self, id_: str) -> bool:
        """Tell whether the code was used, and the grant has not ended since."""
        code, grant = self._store.get_all(_keys(id_, ":code", ""))
        return code == b"spent" and grant is not None

    def user_token(self, id_: str, *, now: float) -> UserToken:
        """Return an access token of a grant; it lives USER_TOKEN_SECONDS."""
        return UserToken(self._user_tokens.sign(id_.encode(), now=now))

    def refresh_token(
        self, id_: str, *, now: float, number: int = 0, version: int = 0
    ) -> RefreshToken:
        """Return a grant's refresh token; `number` ones were replaced before it.

        The same time and version of the signing key give the same token.
        """
        payload = f"{id_} {number}".encode()
        return RefreshToken(
            self._refresh_tokens.sign(payload, now=now, version=version)
        )

    def read(self, token: UserToken, *, now: float) -> ActiveGrant:
        """Return the grant of an access token; InvalidUserToken, ExpiredUserToken."""
        try:
            payload = self._user_tokens.verify(
                token, now=now, max_age=USER_TOKEN_SECONDS
            )
        except SignatureExpired:
            raise ExpiredUserToken from None
        except BadSignature:
            raise InvalidUserToken from None
        return self._active(payload.decode(), InvalidUserToken)

    def of_refresh_token(self, token: RefreshToken, *, now: float) -> ActiveGrant:
        """Return the grant of a refresh token; InvalidGrant."""
        try:
            payload = self._refresh_tokens.verify(
                token, now=now, max_age=REFRESH_TOKEN_SECONDS
            )
        except BadSignature:
            raise InvalidGrant from None
        id_, _, number = payload.decode().partition(" ")
        return self._active(id_, InvalidGrant, number=int(number))

    def rotate(self, id_: str, number: int, *, now: float) -> RefreshToken:
        """Return the refresh token that comes after the one with this number.

        Two tabs may send one token at the same time, and an answer can be lost. So for
        30 s the token before the newest gets the newest again, which is computed and
        not stored. Any other token that was replaced was stolen, or its replacement
        was: then this is InvalidGrant, and all tokens of the grant end (RFC 9700,
        4.14).
        """
        keys = _keys(id_, "", ":refresh", ":rotated")
        arguments = [number, self._refresh_tokens.newest, int(now), self._leeway]
        found = self._store.run(ROTATE, keys, arguments, repeatable=True)
        if found is None:
            raise InvalidGrant
        next_, version, signed_at = map(int, found.split())
        return self.refresh_token(id_, now=signed_at, number=next_, version=version)

    def is_newest(self, active: ActiveGrant) -> bool:
        """Tell whether no refresh token has replaced the one that was sent."""
        count = self._store.get(_key(active.id) + ":refresh")
        return active.number == int(count or 0)

    def named_by(self, token: str, *, now: float) -> tuple[str, Grant] | None:
        """Return id and grant of a user's access or refresh token that is not too old.

        The grant need not be active: its client may lack the app for the moment.
        """
        kinds = (
            (self._refresh_tokens, REFRESH_TOKEN_SECONDS),
            (self._user_tokens, USER_TOKEN_SECONDS),
        )
        for signer, life in kinds:
            with suppress(BadSignature):
                payload = signer.verify(token, now=now, max_age=life)
                id_ = payload.decode().partition(" ")[0]
                stored = self._store.get(_key(id_))
                return (id_, _grant(stored)) if stored else None
        return None

    def revoke(self, id_: str) -> None:
        """End all tokens of a grant."""
        self._store.remove(_key(id_))

    def _active(
        self, id_: str, refused: type[GatewayError], *, number: int = 0
    ) -> ActiveGrant:
        stored = self._store.get(_key(id_))
        if stored is None:
            raise refused
        grant = _grant(stored)
        client = self._registry.client(grant.client_id)
        if client is None or client.disabled or not grant.is_of(client, self._registry):
            raise refused
        if self._sign_outs.have_ended(grant.sub, since=grant.auth_time):
            raise refused
        if not self._registry.admits(client, grant.sub, grant.profile):
            # Admitted again, the user signs in again: the old tokens stay ended.
            self.revoke(id_)
            raise refused
        return ActiveGrant(id_, grant, client, number)


def _life_of(grant: Grant) -> int:
    return REFRESH_TOKEN_SECONDS if grant.is_refreshable else USER_TOKEN_SECONDS


def _grant(stored: bytes) -> Grant:
    return Grant(**known_fields(Grant, json.loads(stored)))


def _key(id_: str) -> str:
    return f"gateway:grant:{{{id_}}}"


def _keys(id_: str, *names: str) -> list[str]:
    return [_key(id_) + name for name in names]
