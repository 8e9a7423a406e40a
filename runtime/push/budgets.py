"""Budgets of pushes in Redis: how many bytes they take, and what goes when it is full.

The oldest finished pushes of an app go first, then its oldest dead letters. What is due
stays: then a new push is not acknowledged, and WeChat sends it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.errors import ServiceUnavailable
from runtime.push.queue_scripts import LIFE_SECONDS, MOST_DROPPED

MB = 1024 * 1024


class InboxFull(ServiceUnavailable):
    """A push or a job that no budget has room for; WeChat sends a push again."""

    code = "push_inbox_full"


@dataclass(frozen=True, slots=True)
class Budgets:
    """The most bytes that the pushes of one app, and of all, take in Redis."""

    per_app: float = 16 * MB
    in_all: float = 256 * MB

    def arguments(self, appid: str) -> list[object]:
        """Return the first of ARGV of every script that begins with ROOM."""
        limits = (self.per_app, self.in_all)
        return [appid, LIFE_SECONDS * 1000, MOST_DROPPED, *limits]


ROOM = """
local app, life = ARGV[1], tonumber(ARGV[2])
local most, per_app, in_all = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local dropped, lost, ended = 0, 0, 0
local function fields(entry)
  local found = {}
  for place = 1, #entry[2], 2 do found[entry[2][place]] = entry[2][place + 1] end
  return found
end
local function drop(entry)
  local found = fields(entry)
  local size = tonumber(found.size)
  redis.call('XDEL', KEYS[11], entry[1])
  redis.call('ZREM', KEYS[12], found.sender .. ':' .. entry[1])
  redis.call('ZREM', KEYS[6], app .. ':' .. entry[1])
  redis.call('HDEL', KEYS[9], app .. '/' .. entry[1])
  for route in string.gmatch(found.routes or '', '[^,]+') do
    size = size + forget(app .. '/' .. entry[1] .. '/' .. route)
  end
  resize(app, -size)
  return size
end
local function drop_of(id)
  local entry = redis.call('XRANGE', KEYS[11], id, id)[1]
  if entry then return drop(entry) end
  redis.call('ZREM', KEYS[6], app .. ':' .. id)
  redis.call('HDEL', KEYS[9], app .. '/' .. id)
  return 0
end
local function drop_job(id, job)
  local size = forget(id)
  if job.e == '' then
    resize(app .. '/jobs', -size)
    return size
  end
  if redis.call('XRANGE', KEYS[11], job.e, job.e)[1] then resize(app, -size) end
  one_less_open(job)
  return size
end
local function room_for(size)
  local surplus = math.max(0, size_of(app) + size_of(app .. '/jobs') + size - per_app)
  if size > per_app or size_of('*') - surplus + size > in_all then return false end
  local steps = 0
  while surplus > 0 and steps < most do
    steps = steps + 1
    local member = redis.call('ZRANGEBYLEX', KEYS[6], '[' .. app .. ':',
      '[' .. app .. ';', 'LIMIT', 0, 1)[1]
    if member then
      surplus = surplus - drop_of(tail(member))
      dropped = dropped + 1
    else
      member = redis.call('ZRANGEBYLEX', KEYS[7], '[' .. app .. ':',
        '[' .. app .. ';', 'LIMIT', 0, 1)[1]
      if not member then return false end
      local job = load(tail(member))
      redis.call('ZREM', KEYS[7], member)
      if job then
        surplus = surplus - drop_job(tail(member), job)
        lost = lost + 1
      end
    end
  end
  return surplus <= 0
end
-- The size of a stream that was lost is put right.
if redis.call('EXISTS', KEYS[11]) == 0 then
  if size_of(app) > 0 then resize(app, -size_of(app)) end
  redis.call('DEL', KEYS[12])
  redis.call('ZREMRANGEBYLEX', KEYS[6], '[' .. app .. ':', '[' .. app .. ';')
end
while ended < most do
  local entry = redis.call('XRANGE', KEYS[11], '-', '+', 'COUNT', 1)[1]
  if not entry then break end
  if tonumber(string.match(entry[1], '^%d+')) > now - life then break end
  drop(entry)
  ended = ended + 1
end
"""
"""Functions for room in an app's budget, and the end of what is too old.

ARGV: app, life in ms, most to drop, budgets of the app and of all. It counts what it
has `dropped`, the dead letters that are `lost`, and the pushes that have `ended`.
"""
