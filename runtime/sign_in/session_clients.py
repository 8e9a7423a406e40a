"""Clients in which a user's sessions are used, which are told when a session ends.

    gateway:signed_in:{hash}   sorted set: `CLIENT SID`, with the time at which it ends

The hash is that of the user's sub. A SID is what one client calls one session: each
client has another one, so that two of them cannot find out that they have the same
user.
"""

from __future__ import annotations

from typing import NamedTuple

from runtime.crypto.encoding import base64url, sha256_hex
from runtime.state.redis_store import RedisStore

MOST = 256
"""Of a user; then the oldest is forgotten."""

_SID_BYTES = 16

# ARGV: the entry, its life in ms, how many there may be.
_NOTE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now + math.floor(tonumber(ARGV[2]) / 1000), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

# ARGV: the entry.
_HOLDS = "return redis.call('ZSCORE', KEYS[1], ARGV[1])"

_LIST = """
local now = redis.call('TIME')[1]
return redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
"""

_FORGET = "for _, each in ipairs(ARGV) do redis.call('ZREM', KEYS[1], each) end"


class Use(NamedTuple):
    """A session of a user as a client knows it."""

    client_id: str
    sid: str


class SessionClients:
    """The clients that use sessions, by user."""

    def __init__(self, store: RedisStore, *, seconds: float) -> None:
        self._store = store
        self._life = round(seconds * 1000)

    def note(self, sub: str, use: Use) -> None:
        """Remember that a client uses a session of this user."""
        arguments = [_text(use), self._life, MOST]
        self._store.run(_NOTE, [_key(sub)], arguments, repeatable=True)

    def holds(self, sub: str, use: Use) -> bool:
        """Tell whether the session has not ended since it was noted."""
        found = self._store.run(_HOLDS, [_key(sub)], [_text(use)], repeatable=True)
        return found is not None

    def of_user(self, sub: str, *, session: str = "") -> list[Use]:
        """Return where a user's sessions are used, or one session, by its secret id."""
        found = self._store.run(_LIST, [_key(sub)], [], repeatable=True)
        uses = [Use(*each.decode().split(" ")) for each in found]
        if not session:
            return uses
        return [each for each in uses if each.sid == sid_for(each.client_id, session)]

    def forget(self, sub: str, uses: list[Use]) -> None:
        """Forget these."""
        if uses:
            texts = [_text(each) for each in uses]
            self._store.run(_FORGET, [_key(sub)], texts, repeatable=True)


def sid_for(client_id: str, session: str) -> str:
    """Return what a client calls a session; it does not tell the session's own id."""
    digest = bytes.fromhex(sha256_hex(f"sid:{client_id}:{session}"))
    return base64url(digest[:_SID_BYTES])


def _text(use: Use) -> str:
    return f"{use.client_id} {use.sid}"


def _key(sub: str) -> str:
    return f"gateway:signed_in:{{{sha256_hex(sub)}}}"
