"""Requests of WeChat that are held past its five seconds, so that it repeats them.

An account that may not write to its users can reply to them by WeChat's request alone.
Three of these come, five seconds each, and whichever waits when the service has replied
carries the reply:

    0 s   the push; the service is asked
    4 s   no reply yet: one of the holds of this minute is taken
    5 s   WeChat hangs up and repeats; the repeat waits as well
   10 s   once more
   12 s   the service replies, and so does the third request
   14 s   `success`, if it has not

WeChat counts what is not answered in time, and stops pushing for a minute if that is
too much. How much is not known, so few pushes are held, and none for an hour if WeChat
does not repeat, or if a busy account suddenly has no pushes.

    gateway:push:{inbox}:held            sorted set: holds of the last minute, in all
    gateway:push:{inbox}:held:APPID      sorted set: those of an account
    gateway:push:{inbox}:holds:APPID     hash: w n m pushes of these five minutes and of
                                         those before, last one, held, missed repeats,
                                         off until
    gateway:push:{inbox}:hold:JOB        hash: until when it is held, and its repeats
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from runtime.push.queue_scripts import KEY
from runtime.registry.models import App
from runtime.registry.routes import CUSTOMER_SERVICE, Route
from runtime.state.redis_store import RedisStore

PER_APP, IN_ALL = 10, 20
"""Pushes held in a minute."""

MINUTE_MS = 60_000

OFF_MS = 3_600_000
"""How long an account's pushes are not held after a sign that WeChat has had enough."""

REPEAT_SECONDS = 6.5
"""WeChat has repeated by then what it has not been answered."""

HUNG_UP_SECONDS = 7.0
"""WeChat has hung up by then: nobody waits for the answer to this request any more."""

MISSED = 2
"""Holds in a row without a repeat, after which there are none for a while."""

GAP_MS = 45_000
"""Pause that is a sign, where BUSY pushes came in the five to ten minutes before."""

BUSY = 100

log = logging.getLogger("gateway.push")

_CLOCK = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local function number(name) return tonumber(redis.call('HGET', KEYS[1], name) or 0) end
"""

# KEYS: of the account, its holds, those in all, the hold. ARGV: job, ms, limits of the
# account and in all, minute, off. A clock that was set back leaves later times, which
# are void.
_TAKE = (
    _CLOCK
    + """
local minute = tonumber(ARGV[5])
local off = number('off')
if off > now and off <= now + tonumber(ARGV[6]) then return 'off' end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - minute)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. now, '+inf')
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - minute)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '(' .. now, '+inf')
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 'held' end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3])
  or redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZADD', KEYS[3], now, ARGV[1])
redis.call('PEXPIRE', KEYS[2], minute)
redis.call('PEXPIRE', KEYS[3], minute)
redis.call('HSET', KEYS[4], 'until', now + tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[4], minute)
redis.call('HSET', KEYS[1], 'held', now)
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[6]))
return 'held'
"""
)

# KEYS: the hold. Returns the ms for which it goes on.
_REPEAT = (
    _CLOCK
    + """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'repeats', 1)
return math.min(60000, math.max(0, number('until') - now))
"""
)

# KEYS: of the account, the hold. ARGV: missed, off. Returns 1 if holds are off now.
_MISSING = (
    _CLOCK
    + """
local repeats = tonumber(redis.call('HGET', KEYS[2], 'repeats') or 0)
if repeats > 0 or redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HDEL', KEYS[1], 'missed')
  return 0
end
redis.call('DEL', KEYS[2])
if redis.call('HINCRBY', KEYS[1], 'missed', 1) < tonumber(ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], 'missed')
redis.call('HSET', KEYS[1], 'off', now + tonumber(ARGV[2]))
return 1
"""
)

# KEYS: of the account. ARGV: gap, busy, minute, off. Returns 1 if holds are off now.
_NOTE = (
    _CLOCK
    + """
local window, gap = 300000, now - number('last')
local began, off = number('w'), 0
local busy = number('n') + number('m') >= tonumber(ARGV[2])
local after_holds = number('last') - number('held') < tonumber(ARGV[3])
if busy and after_holds and gap >= tonumber(ARGV[1]) and gap < window then
  redis.call('HSET', KEYS[1], 'off', now + tonumber(ARGV[4]), 'n', 0, 'm', 0)
  off = 1
end
if now - began >= window or now < began then
  local before = now - began < 2 * window and number('n') or 0
  redis.call('HSET', KEYS[1], 'm', before, 'w', now, 'n', 0)
end
redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('HSET', KEYS[1], 'last', now)
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[4]))
return off
"""
)


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """The most pushes that are held in a minute, of one account and in all."""

    per_app: float = PER_APP
    in_all: float = IN_ALL


def holds_for(route: Route, app: App) -> float:
    """Return for how long a push may be held, 0 for not at all.

    An account does that may not send customer-service messages, which are better, and
    has authorised no component, whose other accounts would get no pushes either.
    """
    may = app.kind == "subscription" and not app.is_authorized
    return route.hold if may and route.late_reply != CUSTOMER_SERVICE else 0.0


class Holds:
    """The holds of all processes, by Redis' clock."""

    def __init__(self, store: RedisStore, limits: HoldLimits | None = None) -> None:
        self._store = store
        self._limits = limits or HoldLimits()

    def note(self, appid: str) -> None:
        """Note that the account has got a push, and end its holds after a gap."""
        ended = self._store.run(
            _NOTE,
            [_of(appid)],
            [GAP_MS, BUSY, MINUTE_MS, OFF_MS],
            repeatable=False,
        )
        if ended:
            self._log_end(appid, "gap")

    def take(self, appid: str, job_id: str, *, seconds: float) -> str:
        """Hold a push for so many seconds more; return `held`, `full` or `off`."""
        outcome: bytes = self._store.run(
            _TAKE,
            [_of(appid), f"{KEY}:held:{appid}", f"{KEY}:held", _hold(job_id)],
            [
                *(job_id, round(seconds * 1000)),
                *(self._limits.per_app, self._limits.in_all, MINUTE_MS, OFF_MS),
            ],
            repeatable=True,
        )
        return outcome.decode()

    def repeat(self, job_id: str) -> float:
        """Note that WeChat has repeated a push, and return how long it is held."""
        ms: int = self._store.run(_REPEAT, [_hold(job_id)], [], repeatable=True)
        return ms / 1000

    def check_repeats(self, appid: str, job_id: str) -> None:
        """End the account's holds if WeChat does not repeat what is held."""
        ended = self._store.run(
            _MISSING,
            [_of(appid), _hold(job_id)],
            [MISSED, OFF_MS],
            repeatable=True,
        )
        if ended:
            self._log_end(appid, "not_repeated")

    def _log_end(self, appid: str, reason: str) -> None:
        log.error("%s: no pushes are held for an hour, %s", appid, reason)


def _of(appid: str) -> str:
    return f"{KEY}:holds:{appid}"


def _hold(job_id: str) -> str:
    return f"{KEY}:hold:{job_id}"
