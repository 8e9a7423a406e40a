"""Journal: what is stored of an app's pushes, and what has become of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.push.deliveries import Job, job_from
from runtime.push.queue_scripts import keys_of
from runtime.state.redis_store import RedisStore

# KEYS: stream, jobs. ARGV: app, newest id, most. Returns of each push its id, bytes,
# and ids and states of its jobs.
_LIST = """
local answer = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], ARGV[2], '-', 'COUNT',
  ARGV[3])) do
  local found = {}
  for place = 1, #entry[2], 2 do found[entry[2][place]] = entry[2][place + 1] end
  local jobs = {}
  for route in string.gmatch(found.routes or '', '[^,]+') do
    local id = ARGV[1] .. '/' .. entry[1] .. '/' .. route
    local record = redis.call('HGET', KEYS[2], id)
    if record then
      table.insert(jobs, id)
      table.insert(jobs, record)
    end
  end
  table.insert(answer, {entry[1], found.size, jobs})
end
return answer
"""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A stored push: its id, when it came by Redis' clock, its bytes and its jobs."""

    entry: str
    received: float
    size: int
    jobs: Sequence[Job]


class Journal:
    """The stored pushes of all apps."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def newest(
        self, appid: str, *, most: int = 50, before: str = ""
    ) -> Sequence[JournalEntry]:
        """Return an app's pushes, the newest first, or those before an entry."""
        until = f"({before}" if before else "+"
        return self._read(appid, until, most)

    def one(self, appid: str, entry: str) -> JournalEntry | None:
        """Return a push, None if it has ended."""
        found = self._read(appid, entry, 1)
        return found[0] if found and found[0].entry == entry else None

    def _read(self, appid: str, until: str, most: int) -> Sequence[JournalEntry]:
        keys = keys_of(appid)
        found = self._store.run(
            _LIST, [keys[10], keys[1]], [appid, until, most], repeatable=True
        )
        return [
            JournalEntry(
                entry.decode(),
                int(entry.partition(b"-")[0]) / 1000,
                int(size),
                [
                    job_from(id_.decode(), record)
                    for id_, record in zip(jobs[0::2], jobs[1::2], strict=True)
                ],
            )
            for entry, size, jobs in found
        ]
