"""Pauses by operators: of an app, whose pushes wait, and of a target.

A paused app's pushes are acknowledged and stored; nothing of them is delivered before
the app is resumed, and then in the order in which they came. They end after three days
all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.push.queue_scripts import MOST_DROPPED, SHARED, keys_of
from runtime.state.redis_store import RedisStore

# ARGV: name of a state, if it pauses. Jobs in the queue are put aside when claimed.
_PAUSE = (
    SHARED
    + """
local state = state_of(ARGV[1])
if ARGV[2] == '1' then
  state.x = true
else
  state.x, state.f, state.p, state.r = nil, nil, nil, now
end
save_state(ARGV[1], state)
if string.sub(ARGV[1], 1, 1) ~= '*' then look(ARGV[1], state) end
keep()
return 1
"""
)

# ARGV: app, most. Returns how many jobs have their turn again.
_RESUME = (
    SHARED
    + """
local app, moved = ARGV[1], 0
for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[8], '[p:' .. app .. ':',
  '[p:' .. app .. ';', 'LIMIT', 0, tonumber(ARGV[2]))) do
  local id = tail(member)
  local job = load(id)
  redis.call('ZREM', KEYS[8], member)
  moved = moved + 1
  if job and job.w == 'p' then
    queue(id, job, nil)
    job.b = now
    save(id, job)
    look(job.t, state_of(job.t))
  end
end
keep()
return moved
"""
)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of a target: by an operator, or by itself, until a time in seconds."""

    by_operator: bool
    ends: float = 0.0


class Pauses:
    """The pauses of apps and targets."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def pause_app(self, appid: str) -> None:
        """Deliver nothing of an app until it is resumed, for 30 days at most."""
        self._pause(f"*{appid}", is_paused=True)

    def resume_app(self, appid: str) -> int:
        """Deliver again, and return how many jobs had waited; `nudge` comes after."""
        self._pause(f"*{appid}", is_paused=False)
        found = 0
        while True:
            moved: int = self._store.run(
                _RESUME, keys_of(appid), [appid, MOST_DROPPED], repeatable=True
            )
            found += moved
            if moved < MOST_DROPPED:
                return found

    def pause_target(self, target: str) -> None:
        """Deliver nothing to a target until it is resumed, for 30 days at most."""
        self._pause(target, is_paused=True)

    def resume_target(self, target: str) -> None:
        """Deliver to a target again, also if it was paused because it failed."""
        self._pause(target, is_paused=False)

    def is_paused(self, appid: str) -> bool:
        """Tell whether an operator has paused the app."""
        state = self._store.field(keys_of("")[4], f"*{appid}")
        return b'"x":true' in (state or b"")

    def of_targets(self, targets: Sequence[str]) -> list[Pause | None]:
        """Return the pause of each target, None for one that is not paused."""
        if not targets:
            return []
        (stored,) = self._store.hashes([keys_of("")[4]], targets)
        states = [json.loads(each) if each else {} for each in stored]
        now = self._store.time() if any("p" in each for each in states) else 0.0
        return [_pause_of(state, now) for state in states]

    def _pause(self, name: str, *, is_paused: bool) -> None:
        arguments = [name, int(is_paused)]
        self._store.run(_PAUSE, keys_of(""), arguments, repeatable=True)


def _pause_of(state: Mapping[str, Any], now: float) -> Pause | None:
    if state.get("x"):
        return Pause(by_operator=True)
    ends = state.get("p", 0) / 1000
    return Pause(by_operator=False, ends=ends) if ends > now else None
