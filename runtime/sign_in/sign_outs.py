"""Sign-outs of a user everywhere: what began before such a sign-out is invalid.

Redis has one key per user who was signed out. A list of the sessions to end could miss
one that begins at the same moment.
"""

from __future__ import annotations

from runtime.crypto.encoding import sha256_hex
from runtime.state.redis_store import RedisStore

# ARGV: life in ms. Returns the Unix time by Redis' clock, which it stores.
_END_ALL = """
local now = redis.call('TIME')[1]
redis.call('SET', KEYS[1], now, 'PX', ARGV[1])
return now
"""


class SignOuts:
    """Times of sign-outs of users, stored as long as anything older may live."""

    def __init__(self, store: RedisStore, *, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    def end_all(self, sub: str) -> int:
        """End every session and token of this user that began up to now; return when.

        The time is Redis', whatever the clock of an operator's machine says.
        """
        life = round(self._seconds * 1000)
        return int(self._store.run(_END_ALL, [key_of(sub)], [life], repeatable=True))

    def have_ended(self, sub: str, *, since: int) -> bool:
        """Tell whether what began at `since` (unix seconds) has been ended."""
        return is_ended(self._store.get(key_of(sub)), since=since)


def key_of(sub: str) -> str:
    """Return the key that holds when a user was signed out, if ever."""
    return key_of_hash(sha256_hex(sub))


def key_of_hash(hashed: str) -> str:
    """Return the same key by the SHA-256 of the sub, as `people/` names users."""
    return f"gateway:signed_out:{{{hashed}}}"


def is_ended(stored: bytes | None, *, since: int) -> bool:
    """Tell whether what `key_of` holds ends what began at `since`."""
    return stored is not None and since <= int(stored)
