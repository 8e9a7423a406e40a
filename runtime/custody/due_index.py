"""Index of the credentials in use, by the time at which each is due.

    gateway:credentials:{due}   sorted set: names by due time in ms of Redis' clock

Whoever fetches a credential writes it here after the commit: on a cluster it is another
slot than the credential's, so no script does both. What is lost in between is found by
a full pass over all apps, whose own time is in the index, too: the next round fills an
index that was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runtime.state.redis_store import RedisStore

INDEX = "due"

KEY = f"gateway:credentials:{{{INDEX}}}"

FULL_PASS_SECONDS = 900.0
"""Between two full passes; a token lives for two hours, and is due before its end."""

REPEAT_SECONDS = 300.0
"""After this time another process begins the full pass that one has not finished."""

LIFE_SECONDS = 172800.0

NAMES_AT_ONCE = 1000

_FULL_PASS = "*"
"""In the index: when the next full pass is due. No credential has this name."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function at(ms) return string.format('%.0f', now + tonumber(ms)) end
"""

# ARGV: life in ms, then ms from now and name of each.
_PUT = (
    _NOW
    + """
for each = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], at(ARGV[each]), ARGV[each + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""
)

# ARGV: ms ahead; ms until a full pass is begun again, and most ms until the next one.
# Returns {now, '1' if the caller makes a full pass, names in all, names that are due}.
_DUE = (
    _NOW
    + """
local next_pass = tonumber(redis.call('ZSCORE', KEYS[1], '*') or '0')
local full = '0'
if next_pass <= now or next_pass > now + tonumber(ARGV[3]) then
  full = '1'
  redis.call('ZADD', KEYS[1], at(ARGV[2]), '*')
end
return {at(0), full, redis.call('ZCARD', KEYS[1]) - 1,
  redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at(ARGV[1]))}
"""
)


@dataclass(frozen=True, slots=True)
class DueNames:
    """The names that are due at `now`, in ms of Redis' clock, of `count` in all.

    `full_pass` asks the caller to look at all apps and then call `finish_full_pass`.
    """

    now: int
    full_pass: bool
    count: int
    names: tuple[str, ...]


class DueIndex:
    """The index; ServiceUnavailable without Redis."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def put(self, due_in: Mapping[str, float]) -> None:
        """Write when these credentials are due, in seconds from now."""
        items = list(due_in.items())
        for start in range(0, len(items), NAMES_AT_ONCE):
            arguments: list[str | int] = [_ms(LIFE_SECONDS)]
            for name, seconds in items[start : start + NAMES_AT_ONCE]:
                arguments += [_ms(seconds), name]
            self._store.run(_PUT, [KEY], arguments, repeatable=True)

    def due(self, ahead: float) -> DueNames:
        """Return what is due within this time."""
        times = [_ms(ahead), _ms(REPEAT_SECONDS), _ms(FULL_PASS_SECONDS)]
        now, full, count, names = self._store.run(_DUE, [KEY], times)
        found = tuple(name.decode() for name in names)
        found = tuple(name for name in found if name != _FULL_PASS)
        return DueNames(int(now), full == b"1", int(count), found)

    def in_use(self) -> tuple[int, list[str]]:
        """Return Redis' time in ms and the names of all credentials in use."""
        now, names = self._store.run(_ALL, [KEY], [], repeatable=True)
        found = (name.decode() for name in names)
        return int(now), [name for name in found if name != _FULL_PASS]

    def finish_full_pass(self) -> None:
        """Write that the next full pass is due in a quarter of an hour."""
        self.put({_FULL_PASS: FULL_PASS_SECONDS})

    def drop(self, names: Iterable[str]) -> None:
        """Forget credentials that are not in use any more."""
        wanted = list(names)
        for start in range(0, len(wanted), NAMES_AT_ONCE):
            chunk = wanted[start : start + NAMES_AT_ONCE]
            self._store.run(_DROP, [KEY], chunk, repeatable=True)


_ALL = _NOW + "return {at(0), redis.call('ZRANGE', KEYS[1], 0, -1)}"

_DROP = "for _, each in ipairs(ARGV) do redis.call('ZREM', KEYS[1], each) end"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
