"""Last things that the platform sent to an app, for an operator who sets pushes up.

    gateway:push_seen:{APPID}   hash: check, refused and taken, each `TIME OUTCOME`

TIME is in ms by Redis' clock. Nothing of what was sent stands there. Notes are kept by
the way: without Redis they are lost, and of equal ones one in a second is written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from runtime.errors import ServiceUnavailable
from runtime.push.queue_scripts import keys_of
from runtime.state.redis_store import RedisStore

What = Literal["check", "refused", "taken"]

ACCEPTED = "accepted"

NO_TOKEN = "no_token"
"""Why a push is refused whose app has no token, or is of a kind that takes none."""

KEPT_SECONDS = 7 * 86400

EVERY_SECONDS = 1.0

_NOTE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

# KEYS: the app's stream. Returns the id of its newest push, though that is gone.
_NEWEST = """
if redis.call('EXISTS', KEYS[1]) == 0 then return '' end
local found = redis.call('XINFO', 'STREAM', KEYS[1])
for place = 1, #found, 2 do
  if found[place] == 'last-generated-id' then return found[place + 1] end
end
return ''
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A call of the platform: its time in seconds, and what came of it."""

    at: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The last check of a URL, the last refusal and the last push that was taken."""

    check: Sighting | None = None
    refused: Sighting | None = None
    taken: Sighting | None = None


class LastSeen:
    """The notes of all apps."""

    def __init__(
        self, store: RedisStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()

    def note(self, appid: str, what: What, outcome: str) -> None:
        """Note what has just come; appid is that of a document."""
        now, name = self._clock(), (appid, what, outcome)
        with self._lock:
            if now - self._noted.get(name, float("-inf")) < EVERY_SECONDS:
                return
            self._noted[name] = now
        with suppress(ServiceUnavailable):
            self._store.run(
                _NOTE,
                [_key(appid)],
                [what, outcome, KEPT_SECONDS * 1000],
                repeatable=True,
            )

    def read(self, appid: str) -> Seen:
        """Return what was noted, and when the newest stored push came."""
        ((check, refused, taken),) = self._store.hashes(
            [_key(appid)], ["check", "refused", "taken"]
        )
        stream = keys_of(appid)[-2]
        newest = self._store.run(_NEWEST, [stream], [], repeatable=True)
        pushes = [_sighting(taken), _of_entry(newest)]
        known = [each for each in pushes if each]
        return Seen(
            _sighting(check),
            _sighting(refused),
            max(known, key=lambda each: each.at) if known else None,
        )

    def time(self) -> float:
        """Return the time by which these notes are made."""
        return self._store.time()


def _key(appid: str) -> str:
    return f"gateway:push_seen:{{{appid}}}"


def _sighting(stored: bytes | None) -> Sighting | None:
    if stored is None:
        return None
    milliseconds, _, outcome = stored.decode().partition(" ")
    return Sighting(int(milliseconds) / 1000, outcome)


def _of_entry(newest: bytes) -> Sighting | None:
    milliseconds = newest.partition(b"-")[0]
    return Sighting(int(milliseconds) / 1000, "stored") if milliseconds else None
