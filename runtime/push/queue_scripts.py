"""Data of pushes and of their deliveries in Redis, and what all scripts over it share.

All keys lie in one slot of a cluster, because one script stores a push together with
all that is to be delivered of it. KEYS of every script begin with these:

    1  {inbox}           hash: bytes by appid, of all under `*`; APPID/jobs: of jobs
                         that belong to no push
    2  {inbox}:jobs      hash: JOB the state of a job in JSON, JOB+ its sealed payload,
                         JOB= the sealed answer of the service
    3  {inbox}:queue     sorted set of members that are compared by their bytes:
                         TARGET:0:NUMBER:JOB never tried, in the order of arrival;
                         TARGET:1:DUE:NUMBER:JOB to be tried at this time
    4  {inbox}:targets   sorted set: each target by when it is to be looked at, in ms
    5  {inbox}:states    hash: TARGET the state of a target in JSON, *APPID that of an
                         app, # the number of the newest job
    6  {inbox}:finished  sorted set APPID:ENTRY: pushes of which nothing is open
    7  {inbox}:dead      sorted set APPID:TIME:JOB: dead letters
    8  {inbox}:aside     sorted set: jobs that wait for something else than time:
                         p:APPID:NUMBER:JOB until the app is resumed,
                         o:TARGET:SENDER:NUMBER:JOB until an earlier one is over
    9  {inbox}:open      hash APPID/ENTRY: how many jobs of a push are not done
    10 {inbox}:asked     sorted set: jobs that a service is asked, by the lease's end
    11 {inbox}:stream:APPID   12 {inbox}:senders:APPID   of one app

A job:  t target, k kind, a appid, e entry of the push, s due|asked|done|dead, i its
        number, b when it began, n failed attempts, d when it is due if it was tried,
        x when it died, y reason of the last failure, w which kind of aside, z bytes,
        o sender (of a route that is ordered), h the worker that asked or failed
A target: h the worker that has it, u until when, l length of its lease, f failures in a
        row, p paused until, x paused by an operator, r when it was resumed

Redis' clock may be set back: what lies further ahead than it can is void.
"""

from __future__ import annotations

_SLOT = "inbox"

KEY = f"gateway:push:{{{_SLOT}}}"

LIFE_SECONDS = 3 * 86400
"""How long a body is stored."""

MOST_DROPPED = 500
"""Pushes or jobs that one run of a script goes through: Redis is not held up long."""

JOB_OVERHEAD = 768
"""Bytes that a job takes in Redis besides its sealed payload, and more."""

_KEPT_MS = (LIFE_SECONDS + 3600) * 1000

_STATES_KEPT_MS = 30 * 86400 * 1000

SHARED = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local DAY, HOUR = 86400000, 3600000
local KEPT, STATES_KEPT = %d, %d
local function ms(at) return string.format('%013.0f', at) end
local function numbered(number) return string.format('%014.0f', number) end
local function tail(member) return string.match(member, '[^:]+$') end
-- Whether a moment is still to come, and not further ahead than it can be.
local function ahead(at, most) return (at or 0) > now and at <= now + most end
local function size_of(name) return tonumber(redis.call('HGET', KEYS[1], name) or 0) end
local function resize(name, bytes)
  if bytes == 0 then return end -- Lua would write -0
  redis.call('HINCRBY', KEYS[1], name, bytes)
  redis.call('HINCRBY', KEYS[1], '*', bytes)
end
local function keep()
  redis.call('PEXPIRE', KEYS[1], KEPT)
  redis.call('PEXPIRE', KEYS[2], KEPT)
  redis.call('PEXPIRE', KEYS[3], KEPT)
  redis.call('PEXPIRE', KEYS[4], KEPT)
  redis.call('PEXPIRE', KEYS[5], STATES_KEPT)
  redis.call('PEXPIRE', KEYS[6], KEPT)
  redis.call('PEXPIRE', KEYS[7], KEPT)
  redis.call('PEXPIRE', KEYS[8], KEPT)
  redis.call('PEXPIRE', KEYS[9], KEPT)
  redis.call('PEXPIRE', KEYS[10], KEPT)
end
local function load(id)
  local found = redis.call('HGET', KEYS[2], id)
  return found and cjson.decode(found)
end
local function save(id, job) redis.call('HSET', KEYS[2], id, cjson.encode(job)) end
local function state_of(name)
  local found = redis.call('HGET', KEYS[5], name)
  return found and cjson.decode(found) or {}
end
local function save_state(name, state)
  if next(state) == nil then redis.call('HDEL', KEYS[5], name)
  else redis.call('HSET', KEYS[5], name, cjson.encode(state)) end
end
-- Put down when a target is to be looked at again.
local function look(target, state)
  local at
  if redis.call('ZRANGEBYLEX', KEYS[3], '[' .. target .. ':0:',
    '[' .. target .. ':0;', 'LIMIT', 0, 1)[1] then
    at = now
  else
    local later = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. target .. ':1:',
      '[' .. target .. ':1;', 'LIMIT', 0, 1)[1]
    at = later and tonumber(string.sub(later, #target + 4, #target + 16))
  end
  if not at or state.x then return redis.call('ZREM', KEYS[4], target) end
  if at > now + DAY then at = now end
  if ahead(state.u, HOUR) then at = math.max(at, state.u) end
  if ahead(state.p, HOUR) then at = math.max(at, state.p) end
  redis.call('ZADD', KEYS[4], ms(at), target)
end
local function place_of(id, job)
  local turn = job.d and '1:' .. ms(job.d) or '0'
  return job.t .. ':' .. turn .. ':' .. numbered(job.i) .. ':' .. id
end
local function aside_of(id, job)
  local what = job.w == 'p' and 'p:' .. job.a or 'o:' .. job.t .. ':' .. job.o
  return what .. ':' .. numbered(job.i) .. ':' .. id
end
local function unqueue(id, job)
  if job.s == 'due' and job.w ~= 'p' then
    redis.call('ZREM', KEYS[3], place_of(id, job))
  end
  if job.w then redis.call('ZREM', KEYS[8], aside_of(id, job)) end
  if job.s == 'dead' then
    redis.call('ZREM', KEYS[7], job.a .. ':' .. ms(job.x) .. ':' .. id)
  end
  if job.s == 'asked' then redis.call('ZREM', KEYS[10], id) end
  job.s, job.w, job.x, job.d = nil, nil, nil, nil
end
-- Let a job wait for its turn, or until a later time.
local function queue(id, job, due)
  unqueue(id, job)
  job.s, job.d = 'due', due
  redis.call('ZADD', KEYS[3], 0, place_of(id, job))
end
local function is_paused(app) return state_of('*' .. app).x end
local function set_aside(id, job, what)
  if what == 'p' then unqueue(id, job) end
  job.s, job.w = 'due', what
  redis.call('ZADD', KEYS[8], 0, aside_of(id, job))
end
local function one_less_open(job)
  if job.e == '' then return end
  local push = job.a .. '/' .. job.e
  if redis.call('HEXISTS', KEYS[9], push) == 1
    and redis.call('HINCRBY', KEYS[9], push, -1) <= 0 then
    redis.call('HDEL', KEYS[9], push)
    redis.call('ZADD', KEYS[6], 0, job.a .. ':' .. job.e)
  end
end
-- Later messages of this sender wait no longer.
local function unblock(id, job)
  local name = job.o and job.t .. '~' .. job.o
  if not name or state_of(name).j ~= id then return end
  redis.call('HDEL', KEYS[5], name)
  local prefix = 'o:' .. job.t .. ':' .. job.o
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[8], '[' .. prefix .. ':',
    '[' .. prefix .. ';', 'LIMIT', 0, 500)) do
    local other = tail(member)
    local held = load(other)
    redis.call('ZREM', KEYS[8], member)
    if held and held.s == 'due' then
      queue(other, held, nil)
      save(other, held)
    end
  end
end
local function die(id, job, reason)
  unqueue(id, job)
  job.s, job.y, job.x = 'dead', reason, now
  redis.call('ZADD', KEYS[7], 0, job.a .. ':' .. ms(now) .. ':' .. id)
  save(id, job)
  unblock(id, job)
end
-- Remove a job and all that is known of it; returns the bytes beside its push.
local function forget(id)
  local job = load(id)
  if not job then return 0 end
  unqueue(id, job)
  redis.call('HDEL', KEYS[2], id, id .. '+', id .. '=')
  unblock(id, job)
  return job.z or 0
end
local function next_number() return redis.call('HINCRBY', KEYS[5], '#', 1) end
""".replace("%d, %d", f"{_KEPT_MS}, {_STATES_KEPT_MS}")


def keys_of(appid: str) -> list[str]:
    """Return KEYS of a script; the last two are those of one app."""
    return [
        KEY,
        f"{KEY}:jobs",
        f"{KEY}:queue",
        f"{KEY}:targets",
        f"{KEY}:states",
        f"{KEY}:finished",
        f"{KEY}:dead",
        f"{KEY}:aside",
        f"{KEY}:open",
        f"{KEY}:asked",
        f"{KEY}:stream:{appid}",
        f"{KEY}:senders:{appid}",
    ]
