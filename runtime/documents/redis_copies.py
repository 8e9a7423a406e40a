"""Copies of documents in Redis, for readers: one hash per `{kind}/{id}`, still sealed.

    version    the version of the document
    content    the bytes of that version in the store
    checked    when the copy was last compared with the store, in ms

Only documents that the store has are copied, so questions cannot fill Redis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runtime.state.redis_store import RedisStore

CHECK_SECONDS = 30.0
"""After this time one reader compares a copy with the store: a writer may have died."""

COPY_SECONDS = 86400.0
"""Of a copy that nobody reads."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# ARGV: ms between two checks, life in ms. Returns {version, content, '1' if the caller
# has to compare} or {}. Cheap where there is no copy.
_GET = (
    _NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'version', 'content', 'checked')
if not found[1] then return {} end
if now - tonumber(found[3]) < tonumber(ARGV[1]) then
  return {found[1], found[2], '0'}
end
redis.call('HSET', KEYS[1], 'checked', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {found[1], found[2], '1'}
"""
)

# ARGV: version, content, life in ms. Stores it unless a newer version is there.
_PUT = (
    _NOW
    + """
local newest = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if newest > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'content', ARGV[2],
  'checked', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
)

# ARGV: version. Drops the copy if it is of this version.
_DROP = """
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


@dataclass(frozen=True, slots=True)
class DocumentCopy:
    """A document as Redis has it; `due` asks this caller to compare with the store."""

    version: int
    content: bytes = field(repr=False)
    due: bool


class DocumentCopies:
    """Copies in Redis, one round trip a call; ServiceUnavailable without Redis."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def get(self, name: str) -> DocumentCopy | None:
        """Return the copy of `{kind}/{id}`; only one of many callers finds it due."""
        found = self._run(_GET, name, _ms(CHECK_SECONDS), _ms(COPY_SECONDS))
        if not found:
            return None
        version, content, due = found
        return DocumentCopy(int(version), content, due == b"1")

    def put(self, name: str, version: int, content: bytes) -> None:
        """Store a version, unless there is a newer one."""
        self._run(_PUT, name, version, content, _ms(COPY_SECONDS))

    def drop(self, name: str, version: int) -> None:
        """Delete the copy if it has this version, which the store does not have."""
        self._run(_DROP, name, version)

    def _run(self, script: str, name: str, *arguments: Any) -> Any:
        key = f"gateway:document:{{{name}}}"
        return self._store.run(script, [key], list(arguments))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
