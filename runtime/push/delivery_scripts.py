"""Lua scripts of deliveries: a job is added, claimed, and finished or put off.

A worker claims a target, so that its jobs go out in their order, and works through what
it got. Each script that runs twice with the same arguments changes nothing the second
time. `token` names a worker: after its lease another one has the target, and what the
first one reports is late.
"""

from __future__ import annotations

from runtime.push.budgets import ROOM
from runtime.push.queue_scripts import SHARED

# ARGV after those of ROOM: job, target, kind, delay in ms, payload, size.
ADD = (
    SHARED
    + ROOM
    + """
local id, target, size = ARGV[6], ARGV[7], tonumber(ARGV[11])
if redis.call('HEXISTS', KEYS[2], id) == 1 then return {'equal', 0, 0} end
if not room_for(size) then return {'full', dropped, lost} end
local job = {t = target, k = ARGV[8], a = app, e = '', b = now, n = 0,
  i = next_number(), z = size}
redis.call('HSET', KEYS[2], id .. '+', ARGV[10])
resize(app .. '/jobs', size)
local delay = tonumber(ARGV[9])
if is_paused(app) then set_aside(id, job, 'p')
else queue(id, job, delay > 0 and now + delay or nil) end
save(id, job)
look(target, state_of(target))
keep()
return {'added', dropped, lost}
"""
)

# ARGV: most. Jobs whose service was asked by somebody who is gone become dead letters.
# Returns the targets that are due, ms until the next one, how many were unknown, and
# which of the targets have failed the last time.
DUE = (
    SHARED
    + """
local most, unknown = tonumber(ARGV[1]), 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[10], '-inf', ms(now),
  'LIMIT', 0, 100)) do
  local job = load(id)
  redis.call('ZREM', KEYS[10], id)
  if job and job.s == 'asked' then
    die(id, job, 'unknown')
    unknown = unknown + 1
  end
end
local found = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ms(now), 'LIMIT', 0, most)
-- The clock was set back.
for _, target in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], ms(now + DAY + HOUR),
  '+inf', 'LIMIT', 0, most)) do table.insert(found, target) end
local at
local later = redis.call('ZRANGEBYSCORE', KEYS[4], '(' .. ms(now), '+inf',
  'WITHSCORES', 'LIMIT', 0, 1)
if later[2] then at = tonumber(later[2]) end
local asked = redis.call('ZRANGE', KEYS[10], 0, 0, 'WITHSCORES')
if asked[2] then at = math.min(at or tonumber(asked[2]), tonumber(asked[2])) end
if unknown > 0 then keep() end
local failing = {}
for _, target in ipairs(found) do
  if (state_of(target).f or 0) > 0 then table.insert(failing, target) end
end
return {found, at and math.max(1, at - now) or -1, unknown, failing}
"""
)

# ARGV: target, token, lease in ms, most jobs, ms after which a job is given up.
# Returns 'claimed', then of each job its id, state and payload; 'busy' otherwise.
CLAIM = (
    SHARED
    + """
local target, token, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local most, life = tonumber(ARGV[4]), tonumber(ARGV[5])
local state = state_of(target)
local is_held = ahead(state.u, HOUR) and state.h ~= token
if state.x or is_held or ahead(state.p, HOUR) then
  look(target, state)
  return {'busy'}
end
local is_failing = (state.f or 0) >= 3
if is_failing then most = 1 end
local answer, looked_at, expired = {'claimed'}, 0, 0
local function take(members, limit)
  for _, member in ipairs(members) do
    if (#answer - 1) / 3 >= limit then return end
    local id = tail(member)
    local job = load(id)
    if not job or job.s ~= 'due' or place_of(id, job) ~= member then
      redis.call('ZREM', KEYS[3], member)
    elseif now - math.max(job.b, state.r or 0) > life then
      die(id, job, job.y or 'expired')
      expired = expired + 1
    elseif is_paused(job.a) then
      set_aside(id, job, 'p')
      save(id, job)
    else
      local block = job.o and state_of(target .. '~' .. job.o) or {}
      if block.j and block.j ~= id and ahead(block.u, HOUR) then
        queue(id, job, block.u)
        set_aside(id, job, 'o')
        save(id, job)
      else
        table.insert(answer, id)
        table.insert(answer, redis.call('HGET', KEYS[2], id))
        table.insert(answer, redis.call('HGET', KEYS[2], id .. '+') or '')
      end
    end
  end
end
local function fresh()
  take(redis.call('ZRANGEBYLEX', KEYS[3], '[' .. target .. ':0:',
    '[' .. target .. ':0;', 'LIMIT', 0, 200), most)
end
if is_failing then fresh() end
local half = math.ceil(most / 2)
take(redis.call('ZRANGEBYLEX', KEYS[3], '[' .. target .. ':1:',
  '[' .. target .. ':1:' .. ms(now) .. ';', 'LIMIT', 0, 200), half)
-- The clock was set back.
take(redis.call('ZRANGEBYLEX', KEYS[3], '[' .. target .. ':1:' .. ms(now + DAY),
  '[' .. target .. ':1;', 'LIMIT', 0, 200), half)
if not is_failing then fresh() end
if #answer == 1 then
  state.h, state.u = nil, nil
else
  state.h, state.l, state.u = token, lease, now + lease
end
save_state(target, state)
look(target, state)
keep()
table.insert(answer, 2, expired)
return answer
"""
)

_HELD = """
local id, token = ARGV[1], ARGV[2]
local job = load(id)
local state = job and state_of(job.t) or {}
local has_asked = job and job.h == token
  and (job.s == 'asked' or (job.s == 'dead' and job.y == 'unknown'))
local has_claimed = job and job.s == 'due' and state.h == token
local function go_on(target)
  if state.h == token then state.u = now + (state.l or 0) end
  save_state(target, state)
  look(target, state)
end
"""

# ARGV: job, token, the sealed answer, its size. Returns 'done' or 'late'. A job that is
# gone, such as one that was dropped, has nothing to report.
FINISH = (
    SHARED
    + _HELD
    + """
if not job or (job.s == 'done' and job.h == token) then return 'done' end
if not has_asked and not has_claimed then return 'late' end
local was_failing = state.f
state.f, state.p = nil, nil
if job.e == '' then
  resize(job.a .. '/jobs', -forget(id))
  go_on(job.t)
  return 'done'
end
unqueue(id, job)
job.s, job.h, job.y = 'done', token, nil
if ARGV[3] ~= '' then
  job.z = (job.z or 0) + tonumber(ARGV[4])
  resize(job.a, tonumber(ARGV[4]))
  redis.call('HSET', KEYS[2], id .. '=', ARGV[3])
end
save(id, job)
one_less_open(job)
unblock(id, job)
if has_claimed or was_failing then go_on(job.t) end
return 'done'
"""
)

# ARGV: job, token, reason, attempts so far, if it ends now, if the target stalls, ms
# after which a job is given up, if the target is not to blame. Returns the job's new
# state, 'gone' or 'late', and if the target is paused now.
FAIL = (
    SHARED
    + _HELD
    + """
local reason, attempts = ARGV[3], tonumber(ARGV[4])
local ends, stalls, life = ARGV[5] == '1', ARGV[6] == '1', tonumber(ARGV[7])
local function told(what) return {what, ahead(state.p, HOUR) and 1 or 0} end
if not job then return told('gone') end
if job.n == attempts + 1 and job.h == token then return told(job.s) end
if not (has_asked or has_claimed) or job.n ~= attempts then return told('late') end
local failures = state.f or 0
if ARGV[8] ~= '1' and (attempts == 0 or stalls or failures >= 3) then
  failures = failures + 1
  state.f = failures
  if stalls or failures >= 3 then
    local doubled = math.max(0, math.min(20, failures - 3))
    state.p = now + math.min(300000, 10000 * 2 ^ doubled)
  end
end
local pause = math.min(HOUR, 10000 * 2 ^ math.min(20, attempts))
job.n, job.h, job.y = attempts + 1, token, reason
if ends or now + pause - math.max(job.b, state.r or 0) > life then
  die(id, job, reason)
else
  queue(id, job, now + pause)
  save(id, job)
  local name = job.o and job.t .. '~' .. job.o
  local block = name and state_of(name)
  if block and block.j ~= id and not ahead(block.u, HOUR) then
    save_state(name, {j = id, u = now + 300000})
  end
end
go_on(job.t)
keep()
return told(job.s)
"""
)

# ARGV: job, token, lease in ms. Returns 1, or 0 if the worker has lost the target.
MARK_ASKED = (
    SHARED
    + _HELD
    + """
if job and job.s == 'asked' and job.h == token then return 1 end
if not has_claimed then return 0 end
unqueue(id, job)
job.s, job.h = 'asked', token
redis.call('ZADD', KEYS[10], ms(now + tonumber(ARGV[3])), id)
save(id, job)
go_on(job.t)
return 1
"""
)

# ARGV: job, token. Returns 1, or 0 if the worker does not ask any more.
HAND_OVER = (
    SHARED
    + _HELD
    + """
if not job or job.s ~= 'asked' or job.h ~= token then return 0 end
queue(id, job, nil)
job.h = nil
save(id, job)
look(job.t, state)
return 1
"""
)

# ARGV: job, token, lease in ms. Returns 1, or 0 if somebody else asks by now. Whoever
# has claimed it does not get to ask.
TAKE_BACK = (
    SHARED
    + _HELD
    + """
if job and job.s == 'asked' and job.h == token then return 1 end
if not job or job.s ~= 'due' or job.w then return 0 end
unqueue(id, job)
job.s, job.h = 'asked', token
redis.call('ZADD', KEYS[10], ms(now + tonumber(ARGV[3])), id)
save(id, job)
look(job.t, state)
return 1
"""
)

# ARGV: target, token.
RELEASE = (
    SHARED
    + """
local state = state_of(ARGV[1])
if state.h ~= ARGV[2] then return 0 end
state.h, state.u, state.l = nil, nil, nil
save_state(ARGV[1], state)
look(ARGV[1], state)
return 1
"""
)
