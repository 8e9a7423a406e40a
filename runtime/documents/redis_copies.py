"""Copies of documents in Redis, for readers: one hash per `{kind}/{id}`, still sealed.

    version    the version of the document
    content    the bytes of that version in the store
    checked    when the copy was last compared with the store, in ms

And of the listing of each kind, one hash:

    versions   the newest version of each id, as JSON
    at         when the store was asked for it, in ms
    extended   when the lives of all copies were extended last, in ms

Only documents that the store has are copied, so questions cannot fill Redis.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.state.redis_store import RedisStore

CHECK_SECONDS = 30.0
"""After this time one reader compares a copy with the store: a writer may have died."""

EXTEND_SECONDS = 3600.0

COPY_SECONDS = 86400.0
"""Of a copy that nobody reads."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# ARGV: ms between two checks, life in ms. Returns {version, content, '1' if the caller
# has to compare} or {}; cheap where there is no copy. One that was checked later than
# now is due: the clock was set back.
_GET = (
    _NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'version', 'content', 'checked')
if not found[1] then return {} end
local age = now - tonumber(found[3])
if age >= 0 and age < tonumber(ARGV[1]) then
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

# Returns {versions, their age in ms, now in ms}; no versions where there are none, and
# an age below 0 where the clock was set back.
_GET_LISTED = (
    _NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'versions', 'at')
local age = found[2] and now - tonumber(found[2]) or 0
return {found[1], string.format('%.0f', age), string.format('%.0f', now)}
"""
)

# ARGV: when the store was asked, versions, life in ms. Keeps the answer to a later
# question, unless that lies ahead: then the clock was set back. Returns 2 if the caller
# has to extend the lives of the copies, which is once in an hour.
_PUT_LISTED = (
    _NOW
    + """
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or '0')
if at > tonumber(ARGV[1]) and at <= now then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'versions', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local extended = tonumber(redis.call('HGET', KEYS[1], 'extended') or now)
local due = now - extended >= tonumber(ARGV[4]) or extended > now
if due or extended == now then
  redis.call('HSET', KEYS[1], 'extended', string.format('%.0f', now))
end
return due and 2 or 1
"""
)


@dataclass(frozen=True, slots=True)
class ListedVersions:
    """A listing as Redis has it, None if it has none; `now` is Redis' time in ms."""

    versions: Mapping[str, int] | None
    age: float
    now: int


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

    def get_all(self, names: Sequence[str]) -> dict[str, DocumentCopy]:
        """Return the copies of these documents; none of them is due."""
        keys = [_key(name) for name in names]
        found = self._store.hashes(keys, ("version", "content"))
        return {
            name: DocumentCopy(int(version), content, due=False)
            for name, (version, content) in zip(names, found, strict=True)
            if version is not None and content is not None
        }

    def names(self) -> list[str]:
        """Return the `{kind}/{id}` of every copy: a search of the whole Redis."""
        start = _key("").removesuffix("}")
        found = self._store.keys(f"{start}*")
        return [key[len(start) :].removesuffix("}") for key in found]

    def listed(self, kind: str) -> ListedVersions:
        """Return the listing of a kind that some process had from the store last."""
        text, age, now = self._store.run(
            _GET_LISTED, [_listed_key(kind)], [], repeatable=True
        )
        # A clock that was set back makes it as old as can be.
        seconds = int(age) / 1000 if int(age) >= 0 else COPY_SECONDS
        versions = None if text is None else json.loads(text)
        return ListedVersions(versions, seconds, int(now))

    def put_listed(
        self, kind: str, versions: Mapping[str, int], *, listed_at: int
    ) -> None:
        """Store a listing that the store was asked for at this time of Redis.

        Who lists does not read each copy, so it keeps them alive once in an hour.
        """
        text = json.dumps(versions, separators=(",", ":"))
        arguments = [listed_at, text, _ms(COPY_SECONDS), _ms(EXTEND_SECONDS)]
        key = _listed_key(kind)
        if self._store.run(_PUT_LISTED, [key], arguments, repeatable=True) == 2:
            names = [f"{kind}/{id_}" for id_ in versions]
            self._store.extend([_key(name) for name in names], seconds=COPY_SECONDS)

    def put(self, name: str, version: int, content: bytes) -> None:
        """Store a version, unless there is a newer one."""
        self._run(_PUT, name, version, content, _ms(COPY_SECONDS))

    def drop(self, name: str, version: int) -> None:
        """Delete the copy if it has this version, which the store does not have."""
        self._run(_DROP, name, version)

    def _run(self, script: str, name: str, *arguments: Any) -> Any:
        return self._store.run(script, [_key(name)], list(arguments))


def _key(name: str) -> str:
    return f"gateway:document:{{{name}}}"


def _listed_key(kind: str) -> str:
    return f"gateway:documents:{{{kind}}}"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
