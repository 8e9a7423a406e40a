"""Lua scripts of the token protocol, on Redis' own clock; a hash for each credential.

    value expires_at due_at fetched_at   the credential; times in ms, Redis' clock
    fence holder lease_until             who may fetch; the fence only grows
    errcode errmsg retry_at failures     the last refusal and the pause after it
    revision                             of the app's document at that refusal
    rejected rejections rejected_at      a value WeChat refused; the rejections' bucket
    rejected_until                       when that would have expired
    insisted insisted_until              one it calls current all the same, until when
    stopped                              no fetch until another revision, or an operator
    suspect                              the stored value may have been retired early
    day fetches forced forced_at         counts of the day in China (UTC+8)
    done claimed                         the fence and holder that committed or gave up
                                         last, and that force_refresh was granted to

A script that runs twice, since its first answer was lost, changes nothing the second
time and answers the same: it recognizes its holder or its fence.

Redis' clock may be set back. So what lies further ahead than it can is void: a lease by
more than a minute, a pause by more than its five; a value that seems to have been
fetched later than now is due. A bucket is not emptied by time that runs backwards.

KEYS[1] is the hash, KEYS[2] the list on which the waiters of one fence wait. Both
carry the credential's hash tag, so each script is safe on a cluster. Each call names
its key as KEYS[n]: the proxy of a managed cluster refuses a variable in its place.
"""

from __future__ import annotations

_PRELUDE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function get(field) return redis.call('HGET', KEYS[1], field) or nil end
local function number(field) return tonumber(get(field) or '0') or 0 end
local function set(field, value)
  -- Lua would write a large number as 1.7e+12.
  if type(value) == 'number' then value = string.format('%.0f', value) end
  redis.call('HSET', KEYS[1], field, value)
end
-- Milliseconds since a moment, of which nothing is known at first.
local function since(at) return math.max(0, now - (tonumber(at or now) or now)) end
-- Whether a moment is still to come, and not further ahead than it can be.
local function ahead(field, most)
  local left = number(field) - now
  return left > 0 and left <= most
end
local LEASE, PAUSE, GAP = 60000, 300000, 60000
-- Two days; thirty of a credential that is not fetched any more.
local function keep()
  redis.call('PEXPIRE', KEYS[1], get('stopped') and 2592000000 or 172800000)
end
local function release() redis.call('HDEL', KEYS[1], 'holder', 'lease_until') end
-- Anybody may take over a lease that has run out. Its holder may still use it for ten
-- seconds, since a busy machine renews late; one that slept longer may have an old
-- answer.
local function held(holder, fence)
  return get('holder') == holder and get('fence') == fence
    and number('lease_until') + 10000 > now and number('lease_until') <= now + LEASE
end
-- Of a step that its holder takes once: a script that runs again recognizes it. The
-- fence alone may be another's, after a failover that has lost the newest write.
local function mark(field, holder, fence) set(field, fence .. ':' .. holder) end
local function marked(field, holder, fence)
  return get(field) == fence .. ':' .. holder
end
-- A fetch that came too late may be the later one at WeChat: then the stored value
-- lives five more minutes only, and is replaced within them.
local function taint()
  if get('holder') then set('suspect', '1')
  elseif get('value') then set('due_at', now) end
end
local function wake(text)
  redis.call('RPUSH', KEYS[2], text)
  redis.call('PEXPIRE', KEYS[2], 5000)
end
local function count(fetches)
  local day = math.floor((time[1] + 28800) / 86400)
  if number('day') ~= day then
    set('day', day)
    redis.call('HDEL', KEYS[1], 'fetches', 'forced')
  end
  if fetches > 0 then redis.call('HINCRBY', KEYS[1], 'fetches', fetches) end
  keep()
end
local function life(expires_at) return string.format('%.0f', expires_at - now) end
-- The life of the stored value, never longer than it was at first.
local function value_life()
  local expires_at, fetched_at = number('expires_at'), number('fetched_at')
  return life(math.min(expires_at, now + expires_at - fetched_at))
end
"""

# ARGV: holder, lease ms, the app document's revision, ahead ms (a value due within this
# time counts as due: the timer's, who comes before anybody waits). With KEYS[3], a
# bucket, also: units a second, how many it holds, and how many are wanted.
# Returns {verdict, value, life ms, fence, lease ms left, errcode, errmsg, rejected,
# units taken}.
ACQUIRE = (
    _PRELUDE
    + """
local got = 0
if ARGV[5] then
  local rate, burst = tonumber(ARGV[5]), tonumber(ARGV[6])
  local bucket = redis.call('HMGET', KEYS[3], 'level', 'at', 'by', 'taken')
  local level, at, by, taken = bucket[1], bucket[2], bucket[3], bucket[4]
  if by == ARGV[1] then
    got = tonumber(taken)
  else
    level = math.min(burst, (level or burst) + since(at) * rate / 1000)
    if level < 1 then
      local left = string.format('%.0f', math.ceil((1 - level) * 1000 / rate))
      return {'LIMITED', '', '0', '0', left, '', '', '', '0'}
    end
    got = math.min(tonumber(ARGV[7]), math.floor(level))
    redis.call('HSET', KEYS[3], 'level', string.format('%.3f', level - got),
      'at', string.format('%.0f', now), 'by', ARGV[1], 'taken', got)
    redis.call('PEXPIRE', KEYS[3], math.ceil(burst / rate) * 1000 + 1000)
  end
end
local value, expires_at = get('value'), number('expires_at')
local live = value and expires_at > now
local fence = get('fence') or '0'
local function answer(verdict)
  return {verdict, live and value or '', live and value_life() or '0', fence,
    life(number('lease_until')), get('errcode') or '', get('errmsg') or '',
    get('rejected') or '', tostring(got)}
end
if live and now < number('due_at') - tonumber(ARGV[4])
  and number('fetched_at') <= now + 1000 then
  return answer('FRESH')
end
local holder = get('holder')
if holder and holder ~= ARGV[1] and ahead('lease_until', LEASE) then
  return answer(live and 'FRESH' or 'WAIT')
end
-- A changed app may well succeed where the old one was refused.
local stopped = get('stopped')
if (stopped or ahead('retry_at', PAUSE)) and get('revision') == ARGV[3] then
  if stopped then keep() end
  return answer(live and 'FRESH' or 'PAUSED')
end
fence = tostring(redis.call('HINCRBY', KEYS[1], 'fence', 1))
set('holder', ARGV[1])
set('lease_until', now + tonumber(ARGV[2]))
keep()
return answer(live and 'DUE' or 'MINE')
"""
)

# ARGV: holder, fence, lease ms. Returns 1 while the holder has the lease.
RENEW = (
    _PRELUDE
    + """
if not held(ARGV[1], ARGV[2]) then return 0 end
set('lease_until', now + tonumber(ARGV[3]))
return 1
"""
)

# ARGV: holder, fence, value, life ms, due in ms, fetches, retires ('1': a fetch
# retires the stored value). Where a fetch repeats the value while that lives, also: the
# ms for which a value is used whose end has passed, and the ms for which one that was
# rejected is not rejected again. Returns {1, life ms, due in ms}, or when refused
# {0, value, life ms}.
COMMIT = (
    _PRELUDE
    + """
local function taken()
  return {1, value_life(), life(math.max(now, number('due_at')))}
end
if marked('done', ARGV[1], ARGV[2]) and get('value') == ARGV[3] then return taken() end
count(tonumber(ARGV[6]))
if not held(ARGV[1], ARGV[2]) then
  local value, expires_at = get('value'), number('expires_at')
  if ARGV[7] == '1' then taint() end
  if value and expires_at > now then return {0, value, value_life()} end
  return {0, '', '0'}
end
local expires_at = now + tonumber(ARGV[4])
local due_at = get('suspect') and now or now + tonumber(ARGV[5])
if ARGV[8] then
  -- The same value again: what is said of its life may be wrong, its end was known.
  local was_rejected = get('rejected') == ARGV[3]
  local known
  if get('value') == ARGV[3] then known = number('expires_at')
  elseif was_rejected then known = number('rejected_until') end
  if known then
    if known <= now then known = now + tonumber(ARGV[8]) end
    expires_at = math.min(expires_at, known)
    -- Before its end every fetch would bring it again.
    due_at = expires_at
  end
  if was_rejected then
    set('insisted', ARGV[3])
    set('insisted_until', now + tonumber(ARGV[9]))
  end
end
set('value', ARGV[3])
set('expires_at', expires_at)
set('due_at', due_at)
set('fetched_at', now)
release()
mark('done', ARGV[1], ARGV[2])
redis.call('HDEL', KEYS[1], 'errcode', 'errmsg', 'retry_at', 'failures', 'revision',
  'rejected', 'rejected_until', 'suspect', 'stopped')
keep()
wake('V' .. life(expires_at) .. ':' .. ARGV[3])
return taken()
"""
)

# ARGV: holder, fence, errcode, errmsg, revision, first pause ms, longest pause ms,
# jitter (0..1), fetches, retires ('1': WeChat may have retired the stored value), stops
# ('1': nothing is fetched any more for this revision).
GIVE_UP = (
    _PRELUDE
    + """
if marked('done', ARGV[1], ARGV[2]) then return 1 end
count(tonumber(ARGV[9]))
if not held(ARGV[1], ARGV[2]) then
  if ARGV[10] == '1' then taint() end
  return 0
end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local pause = math.min(tonumber(ARGV[6]) * 2 ^ (failures - 1), tonumber(ARGV[7]))
set('retry_at', now + math.floor(pause * (0.5 + tonumber(ARGV[8]) / 2)))
set('errcode', ARGV[3])
set('errmsg', ARGV[4])
set('revision', ARGV[5])
redis.call('HDEL', KEYS[1], 'stopped')
if ARGV[11] == '1' then set('stopped', '1') end
release()
mark('done', ARGV[1], ARGV[2])
keep()
wake('E' .. ARGV[3] .. ':' .. ARGV[4])
return 1
"""
)

# ARGV: the value, how many rejections the bucket holds, ms until it holds one more.
# Returns 1 if the value was the stored one and is now dropped.
REJECT = (
    _PRELUDE
    + """
if get('value') ~= ARGV[1] then return 0 end
-- WeChat insists on this one, and force_refresh was refused a moment ago.
if get('insisted') == ARGV[1] and ahead('insisted_until', GAP) then return 0 end
-- If one path always answers 40001, or one caller always says so, the others must not
-- lose their token, nor the account its quota: without a unit the value stays.
local most = tonumber(ARGV[2])
local level = tonumber(get('rejections') or most)
level = math.min(most, level + since(get('rejected_at')) / tonumber(ARGV[3]))
if level < 1 then return 0 end
redis.call('HSET', KEYS[1], 'rejections', string.format('%.3f', level - 1))
set('rejected_at', now)
set('rejected', ARGV[1])
set('rejected_until', number('expires_at'))
redis.call('HDEL', KEYS[1], 'value', 'expires_at', 'due_at')
keep()
return 1
"""
)

# The value after a rejected one works: the rejection was right, and costs nothing.
REFUND = (
    _PRELUDE
    + """
if get('rejections') then redis.call('HINCRBYFLOAT', KEYS[1], 'rejections', 1) end
return 1
"""
)

# Returns every field but the value, and Redis' own time in ms as `now`.
DESCRIBE = (
    _PRELUDE
    + """
local kept = redis.call('HGETALL', KEYS[1])
local told = {'now', string.format('%.0f', now)}
for at = 1, #kept, 2 do
  if kept[at] ~= 'value' and kept[at] ~= 'rejected' and kept[at] ~= 'insisted'
    and kept[at] ~= 'holder' and kept[at] ~= 'done' and kept[at] ~= 'claimed' then
    table.insert(told, kept[at])
    table.insert(told, kept[at + 1])
  end
end
return told
"""
)

# ARGV: holder, fence, most a day, least ms between two. Returns 'granted', 'refused'
# by the limits, or 'late': the holder has lost the lease.
CLAIM_FORCE = (
    _PRELUDE
    + """
count(0)
if not held(ARGV[1], ARGV[2]) then return 'late' end
if marked('claimed', ARGV[1], ARGV[2]) then return 'granted' end
if number('forced') >= tonumber(ARGV[3])
  or math.abs(now - number('forced_at')) < tonumber(ARGV[4]) then
  set('insisted', get('rejected') or '')
  set('insisted_until', now + tonumber(ARGV[4]))
  return 'refused'
end
redis.call('HINCRBY', KEYS[1], 'forced', 1)
set('forced_at', now)
mark('claimed', ARGV[1], ARGV[2])
keep()
return 'granted'
"""
)

# ARGV: value, life ms, due in ms, since. A value that came another way than by a fetch,
# such as with an account's new permissions: a fetch that is under way is refused. With
# `since`, ms of our clock, it came at that time, and a value fetched later stays.
# Returns 1 if it is stored.
PUT = (
    _PRELUDE
    + """
local since = tonumber(ARGV[4])
if get('value') == ARGV[1] then return 1 end
if since and get('value') and number('fetched_at') >= since then return 0 end
local at = since or now
if at + tonumber(ARGV[2]) <= now then return 0 end
redis.call('HINCRBY', KEYS[1], 'fence', 1)
set('value', ARGV[1])
set('expires_at', at + tonumber(ARGV[2]))
set('due_at', math.max(now, at + tonumber(ARGV[3])))
set('fetched_at', now)
release()
redis.call('HDEL', KEYS[1], 'errcode', 'errmsg', 'retry_at', 'failures', 'revision',
  'rejected', 'rejected_until', 'suspect', 'stopped')
keep()
return 1
"""
)

# ARGV: since, as above. Drops the value, and refuses a fetch that is under way.
DROP = (
    _PRELUDE
    + """
local since = tonumber(ARGV[1])
if since and number('fetched_at') >= since then return 0 end
redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HDEL', KEYS[1], 'value', 'expires_at', 'due_at', 'errcode', 'errmsg',
  'retry_at', 'failures', 'revision', 'rejected', 'rejected_until', 'suspect',
  'stopped')
release()
keep()
return 1
"""
)
