"""Acts that wait in Redis while the store of documents is away, for the audit log.

    gateway:audit_waiting   hash: by name of an object, its content

Commands that need Redis alone go on without the store: what mends an outage must not
wait for its end. The next command that finds the store writes what has waited.
"""

from __future__ import annotations

from runtime.errors import ServiceUnavailable
from runtime.state.redis_store import RedisStore

KEY = "gateway:audit_waiting"

MOST = 2_000
"""Objects that wait; beyond them a command is refused, as without Redis."""

KEPT_SECONDS = 30 * 86400

# ARGV: name, content, most, ms. Returns 0 if there is no room.
_KEEP = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
  and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""

_REMOVE = "return redis.call('HDEL', KEYS[1], ARGV[1])"


class WaitingActs:
    """Objects of the audit log that no store has taken yet."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def keep(self, name: str, content: bytes) -> None:
        """Keep an object for later; ServiceUnavailable if there is no room."""
        arguments = [name, content, MOST, KEPT_SECONDS * 1000]
        if not self._store.run(_KEEP, [KEY], arguments, repeatable=True):
            raise ServiceUnavailable

    def waiting(self) -> dict[str, bytes]:
        """Return the objects that wait, by name; ServiceUnavailable."""
        found = self._store.fields(KEY)
        return {name.decode(): content for name, content in sorted(found.items())}

    def remove(self, name: str) -> None:
        """Remove an object, which the store has taken; ServiceUnavailable."""
        self._store.run(_REMOVE, [KEY], [name], repeatable=True)
