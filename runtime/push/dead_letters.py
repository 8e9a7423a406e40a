"""Dead letters: jobs that nobody will do by itself, for operators to replay or drop."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.push.budgets import ROOM, Budgets
from runtime.push.deliveries import Job, job_from
from runtime.push.queue_scripts import SHARED, keys_of
from runtime.state.redis_store import RedisStore

# ARGV: app, most. Returns of each, the newest first, its id and state.
_LIST = (
    SHARED
    + """
local answer = {}
for _, member in ipairs(redis.call('ZREVRANGEBYLEX', KEYS[7], '[' .. ARGV[1] .. ';',
  '[' .. ARGV[1] .. ':', 'LIMIT', 0, tonumber(ARGV[2]))) do
  local record = redis.call('HGET', KEYS[2], tail(member))
  if record then
    table.insert(answer, tail(member))
    table.insert(answer, record)
  else
    redis.call('ZREM', KEYS[7], member)
  end
end
return answer
"""
)

# ARGV: most apps. Returns of each app its id and the number, by jumps in the set.
_BY_APP = """
local answer, from = {}, '-'
for _ = 1, tonumber(ARGV[1]) do
  local first = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, 1)[1]
  if not first then break end
  local app = string.match(first, '^[^:]+')
  table.insert(answer, app)
  table.insert(answer, redis.call('ZLEXCOUNT', KEYS[1], '[' .. app .. ':',
    '[' .. app .. ';'))
  from = '[' .. app .. ';'
end
return answer
"""

# ARGV: job.
_REPLAY = (
    SHARED
    + """
local id = ARGV[1]
local job = load(id)
if not job or job.s ~= 'dead' then return 0 end
unqueue(id, job)
job.b, job.n, job.y, job.h = now, 0, nil, nil
if is_paused(job.a) then set_aside(id, job, 'p') else queue(id, job, nil) end
save(id, job)
look(job.t, state_of(job.t))
keep()
return 1
"""
)

# ARGV after those of ROOM: job.
_DROP = (
    SHARED
    + ROOM
    + """
local job = load(ARGV[6])
if not job or job.s ~= 'dead' then return 0 end
drop_job(ARGV[6], job)
return 1
"""
)

# KEYS: dead letters. ARGV: the first and the last member of an app.
_COUNT = "return redis.call('ZLEXCOUNT', KEYS[1], ARGV[1], ARGV[2])"


class DeadLetters:
    """The dead letters of all apps."""

    def __init__(self, store: RedisStore, *, budgets: Budgets | None = None) -> None:
        self._store = store
        self._budgets = budgets or Budgets()

    def list(self, appid: str, *, most: int = 100) -> Sequence[Job]:
        """Return an app's dead letters, the newest first."""
        found = self._store.run(_LIST, keys_of(appid), [appid, most], repeatable=True)
        pairs = zip(found[0::2], found[1::2], strict=True)
        return [job_from(id_.decode(), record) for id_, record in pairs]

    def count(self, appid: str) -> int:
        """Return how many there are of an app."""
        number: int = self._store.run(
            _COUNT,
            keys_of(appid)[6:7],
            [f"[{appid}:", f"[{appid};"],
            repeatable=True,
        )
        return number

    def by_app(self, *, most: int = 1000) -> dict[str, int]:
        """Return the number of each app that has any, of the first apps by their id."""
        found = self._store.run(_BY_APP, keys_of("")[6:7], [most], repeatable=True)
        pairs = zip(found[0::2], found[1::2], strict=True)
        return {appid.decode(): number for appid, number in pairs}

    def replay(self, job_id: str) -> bool:
        """Let a job be done after all, from the start; False if it is no dead letter.

        The service may get it a second time: a dead letter `unknown` says that nobody
        knows. Whoever wants it done now calls `nudge` afterwards.
        """
        return self._changed(_REPLAY, job_id, [job_id])

    def drop(self, job_id: str) -> bool:
        """Remove a dead letter; False if it is none."""
        appid = job_id.partition("/")[0]
        return self._changed(_DROP, job_id, [*self._budgets.arguments(appid), job_id])

    def _changed(self, script: str, job_id: str, arguments: Sequence[object]) -> bool:
        keys = keys_of(job_id.partition("/")[0])
        return bool(self._store.run(script, keys, [*arguments], repeatable=False))
