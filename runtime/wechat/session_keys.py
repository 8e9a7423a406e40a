"""Session keys: the newest of each user of each mini program, sealed in Redis.

    gateway:session_key:{SHA-256 of appid and openid}               the session_key
    gateway:pairwise:{SHA-256 of client id, appid and its openid}   WeChat's openid

The second kind is for pairwise clients: their openid cannot be turned back into
WeChat's, so Redis holds that, too. Each value is bound to its key.
"""

from __future__ import annotations

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.registry.models import Client
from runtime.registry.subjects import is_pairwise, openid_for
from runtime.state.redis_store import Entry, RedisStore

SESSION_KEY_SECONDS = 30 * 86400


class SessionKeys:
    """Stored session_keys, found by the openid that a client knows."""

    def __init__(self, store: RedisStore, envelope: Envelope) -> None:
        self._store = store
        self._envelope = envelope

    def save(self, client: Client, appid: str, openid: str, session_key: str) -> None:
        """Store it for thirty days in place of an older one, as WeChat does."""
        entries = [self._entry(_key(appid, openid), session_key)]
        if is_pairwise(client):
            name = openid_for(client, openid)
            entries.append(self._entry(_pairwise_key(client, appid, name), openid))
        self._store.put_all(entries)

    def find(self, client: Client, appid: str, openid: str) -> str | None:
        """Return it, or None; `openid` is as the client knows it."""
        known: str | None = openid
        if is_pairwise(client):
            known = self._get(_pairwise_key(client, appid, openid))
        return self._get(_key(appid, known)) if known else None

    def _entry(self, key: str, value: str) -> Entry:
        sealed = self._envelope.seal(value, place=key)
        return Entry(key, sealed.encode(), SESSION_KEY_SECONDS)

    def _get(self, key: str) -> str | None:
        sealed = self._store.get(key)
        if sealed is None:
            return None
        try:
            return self._envelope.open(sealed.decode(), place=key)
        except CannotOpen:
            # Its master key has been removed: the next sign-in brings another.
            return None


def _key(appid: str, openid: str) -> str:
    names = f"{appid}\n{openid}"
    return f"gateway:session_key:{{{sha256_hex(names)}}}"


def _pairwise_key(client: Client, appid: str, openid: str) -> str:
    names = f"{client.client_id}\n{appid}\n{openid}"
    return f"gateway:pairwise:{{{sha256_hex(names)}}}"
