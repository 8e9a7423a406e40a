"""The Lua of a grant: its code is redeemed once, its refresh token replaced once.

KEYS are the three of grant_store, which carry one hash tag: the grant, its code, the
count of its refresh tokens.
"""

from __future__ import annotations

# ARGV: whether a second use revokes. The code's text is the
# grant's life in ms, a space, the grant as JSON; the word `spent` lives as long as the
# grant, of which a thief may come last. Returns the JSON, `spent`, or nil.
REDEEM = """
local text = redis.call('GET', KEYS[2])
if not text then return false end
if text == 'spent' then
  if ARGV[1] == '1' then redis.call('DEL', KEYS[1]) end
  return text
end
local life, grant = string.match(text, '^(%d+) (.*)$')
redis.call('SET', KEYS[2], 'spent', 'PX', life)
redis.call('SET', KEYS[1], grant, 'PX', life)
return grant
"""

# ARGV: the number of the token that is shown. Returns the next
# number, or nil.
ROTATE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local number = tonumber(redis.call('GET', KEYS[3]) or '0')
if number ~= tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('SET', KEYS[3], number + 1, 'PX', redis.call('PTTL', KEYS[1]))
return number + 1
"""
