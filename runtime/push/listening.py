"""Listening: the pushes that have come to an app since a moment, for a developer.

Nothing is stored for a listener: it names the newest entry of the stream that it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.push.queue_scripts import keys_of
from runtime.state.redis_store import RedisStore

MOST_AT_ONCE = 100

BEGINNING = "0-0"

# KEYS: an app's stream. ARGV: the newest entry that is known, most. Returns the entry
# up to which was looked, then id and sender of each one after the known one.
_AFTER = """
local answer = {ARGV[1]}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT',
  ARGV[2])) do
  answer[1] = entry[1]
  for place = 1, #entry[2], 2 do
    if entry[2][place] == 'sender' then
      table.insert(answer, entry[1])
      table.insert(answer, entry[2][place + 1])
    end
  end
end
return answer
"""

_NEWEST = """
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return newest and newest[1] or ''
"""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Entries of a stream by their senders, and the entry up to which was looked."""

    until: str
    entries: Sequence[tuple[str, str]]


class Listening:
    """The arrivals of all apps."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def newest(self, appid: str) -> str:
        """Return the newest entry, from which on somebody may listen."""
        found: bytes = self._store.run(_NEWEST, [_stream(appid)], [], repeatable=True)
        return found.decode() or BEGINNING

    def after(self, appid: str, entry: str) -> Arrivals:
        """Return what came after an entry, the oldest first."""
        until, *found = self._store.run(
            _AFTER, [_stream(appid)], [entry, MOST_AT_ONCE], repeatable=True
        )
        texts = [each.decode() for each in found]
        return Arrivals(
            until.decode(), list(zip(texts[0::2], texts[1::2], strict=True))
        )


def _stream(appid: str) -> str:
    return keys_of(appid)[-2]
