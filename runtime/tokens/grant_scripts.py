"""Lua scripts of grants; all keys have the grant's id as their hash tag.

gateway:grant:{id}:code      the grant while the code waits; then the word `spent`
gateway:grant:{id}           the grant while tokens of it may live
gateway:grant:{id}:refresh   how often its refresh token has been replaced
gateway:grant:{id}:rotated   what signed the newest refresh token, for 30 s
gateway:grant:{id}:attempt   which attempt redeemed the code, for seconds
"""

# KEYS: the grant, its code, how often it was refreshed, and the attempt that redeemed
# it. ARGV: 1 if a second use revokes the grant and refresh tokens are replaced, else 0;
# the attempt; how long it is known. A waiting code's text is the grant's life in ms, a
# space, the grant as JSON. The word `spent` lives as long as the grant, as a thief may
# use the code at any time. Returns the JSON, `spent`, or nil; the attempt that redeemed
# the code gets the JSON again.
# A grant ends with `"counted": true` if its count begins at once: then a lost one is
# noticed. Version 0.1.0 begins to count with the first refresh.
REDEEM = """
local text = redis.call('GET', KEYS[2])
if not text then return false end
if text == 'spent' then
  if redis.call('GET', KEYS[4]) == ARGV[2] then
    return redis.call('GET', KEYS[1]) or text
  end
  if ARGV[1] == '1' then redis.call('DEL', KEYS[1]) end
  return text
end
local life, grant = string.match(text, '^(%d+) (.*)$')
if ARGV[1] == '1' then
  grant = string.sub(grant, 1, -2) .. ', "counted": true}'
  redis.call('SET', KEYS[3], '0', 'PX', life)
end
redis.call('SET', KEYS[2], 'spent', 'PX', life)
redis.call('SET', KEYS[1], grant, 'PX', life)
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[3])
return grant
"""

# KEYS: the grant, how often it was refreshed, and its last refresh. ARGV: the number of
# the refresh token that was sent, the version of the key that signs the next one and
# the time that it is signed at, the leeway in ms. Returns number, version and time of
# the next token. The token before the newest gets the same ones again within the
# leeway, so an answer that was lost is repeated. Any other number ends the grant, and
# a lost count does. A leeway that ends later than it can was prolonged by a clock that
# was set back.
ROTATE = """
local grant = redis.call('GET', KEYS[1])
if not grant then return false end
local sent = tonumber(ARGV[1])
local count = tonumber(redis.call('GET', KEYS[2]) or 'lost')
if not count and sent == 0 and string.sub(grant, -16) ~= '"counted": true}' then
  count = 0
end
if count == sent then
  local life = math.max(1, redis.call('PTTL', KEYS[1]))
  local next = string.format('%d %s %s', sent + 1, ARGV[2], ARGV[3])
  redis.call('SET', KEYS[2], sent + 1, 'PX', life)
  redis.call('SET', KEYS[3], next, 'PX', ARGV[4])
  return next
end
if count == sent + 1 and redis.call('PTTL', KEYS[3]) <= tonumber(ARGV[4]) then
  local last = redis.call('GET', KEYS[3])
  if last and string.match(last, '^%d+') == tostring(count) then return last end
end
redis.call('DEL', KEYS[1], KEYS[3])
return false
"""
