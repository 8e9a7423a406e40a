"""Inbox: pushes that are acknowledged, each in its app's stream in Redis, sealed.

All keys lie in one slot of a cluster, because one script does everything of a push:

    gateway:push:{inbox}                  hash: bytes by appid, and of all under `*`
    gateway:push:{inbox}:stream:APPID     the pushes, the oldest first
    gateway:push:{inbox}:senders:APPID    sorted set SENDER:ID, to find a user's pushes
    gateway:push:{inbox}:seen:DIGEST      a push that came; an equal one is not stored
    gateway:push:{inbox}:signed:HASH      of a plain push: whose signature it is

Nothing is relayed, so every stored push is finished: the oldest make room for new ones.
A script that runs twice finds its own push and stores nothing, so it is repeatable.
"""

from __future__ import annotations

import hashlib
import logging
import math
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.envelope import Envelope
from runtime.push.budgets import Budgets, InboxFull
from runtime.push.push_message import Message
from runtime.push.queue_scripts import LIFE_SECONDS
from runtime.push.receiving import AGE_SECONDS, PushRefused, Received
from runtime.state.redis_store import RedisStore

SEEN_SECONDS = 900
"""How long an equal push is recognized at least; WeChat repeats within seconds."""

OVERHEAD = 512
"""Bytes that a push takes in Redis besides its sealed body, by measurement and more."""

MOST_DROPPED = 500
"""Pushes that one run of a script removes, so that Redis is never held up for long."""

log = logging.getLogger("gateway.push")

_KEY = "inbox"
_KEPT_MS = (LIFE_SECONDS + 3600) * 1000

# KEYS: sizes, stream, senders. ARGV: appid, life in ms, most to drop, life of keys.
# The size of a stream that was lost is put right.
_OPENED = """
local sizes, stream, senders = KEYS[1], KEYS[2], KEYS[3]
local app, life, most, kept = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local clock = redis.call('TIME')
local now = tonumber(clock[1])
local dropped, ended = 0, 0
local function size_of(name) return tonumber(redis.call('HGET', sizes, name) or 0) end
local function add(bytes)
  redis.call('HINCRBY', sizes, app, bytes)
  redis.call('HINCRBY', sizes, '*', bytes)
end
local function fields(entry)
  local found = {}
  for place = 1, #entry[2], 2 do found[entry[2][place]] = entry[2][place + 1] end
  return found
end
local function drop(entry)
  local found = fields(entry)
  redis.call('XDEL', stream, entry[1])
  redis.call('ZREM', senders, found.sender .. ':' .. entry[1])
  add(-tonumber(found.size))
end
local function oldest() return redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1] end
local function is_over(entry)
  return tonumber(string.match(entry[1], '^%d+')) <= now * 1000 - life
end
if redis.call('EXISTS', stream) == 0 then
  if size_of(app) > 0 then add(0 - size_of(app)) end
  redis.call('DEL', senders)
end
while ended < most do
  local entry = oldest()
  if not entry or not is_over(entry) then break end
  drop(entry)
  ended = ended + 1
end
"""

# KEYS: also seen, signed. ARGV: also digest, timestamp, age, seconds seen, sender,
# body, size, budgets of the app and of all, if it is plain, if the user leaves.
_STORE = (
    _OPENED
    + """
local seen, signed, digest = KEYS[4], KEYS[5], ARGV[5]
local at, age, window = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local sender, body, size = ARGV[9], ARGV[10], tonumber(ARGV[11])
local per_app, in_all = tonumber(ARGV[12]), tonumber(ARGV[13])
local is_plain, leaves = ARGV[14] == '1', ARGV[15] == '1'
if math.abs(now - at) > age then return {'age', 0} end
if is_plain then
  local covered = redis.call('GET', signed)
  if covered and covered ~= digest then return {'replayed', 0} end
  redis.call('SET', signed, digest, 'EX', window)
end
if redis.call('EXISTS', seen) == 1 then return {'equal', 0} end
if leaves then
  local range = {'[' .. sender .. ':', '[' .. sender .. ';'}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', senders, range[1], range[2])) do
    local id = string.sub(member, #sender + 2)
    local entry = redis.call('XRANGE', stream, id, id)[1]
    if entry then drop(entry) else redis.call('ZREM', senders, member) end
  end
end
local bytes, total = size_of(app), size_of('*')
local surplus = math.max(0, bytes + size - per_app)
if size > per_app or total - surplus + size > in_all then return {'full', 0} end
while surplus > 0 and dropped < most do
  local entry = oldest()
  if not entry then break end
  surplus = surplus - tonumber(fields(entry).size)
  drop(entry)
  dropped = dropped + 1
end
if surplus > 0 then return {'full', dropped} end
local id = redis.call('XADD', stream, '*', 'body', body, 'digest', digest,
  'sender', sender, 'size', size)
redis.call('ZADD', senders, 0, sender .. ':' .. id)
add(size)
redis.call('SET', seen, '', 'EX', window)
for place = 1, 3 do redis.call('PEXPIRE', KEYS[place], kept) end
return {'stored', dropped}
"""
)

_SWEEP = (
    _OPENED
    + """
if redis.call('XLEN', stream) == 0 then redis.call('HDEL', sizes, app) end
return ended
"""
)


class Inbox:
    """The pushes of all apps.

    What it has stored is as durable as its Redis, and no more.
    """

    def __init__(
        self,
        store: RedisStore,
        envelope: Envelope,
        *,
        budgets: Budgets | None = None,
        age: float = AGE_SECONDS,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._budgets = budgets or Budgets()
        self._age = age
        # As long as a signature is good, so that no push can come twice.
        self._seen_seconds = max(SEEN_SECONDS, math.ceil(2 * age))

    def store(self, appid: str, received: Received) -> bool:
        """Store a push, and tell whether it was; False if an equal one came before.

        PushRefused for one from another time by Redis' clock, and for a plain one whose
        signature came with another message. InboxFull, and ServiceUnavailable while
        Redis is away: then nothing is stored, and WeChat must not get `success`.
        """
        message, key = received.message, f"gateway:push:{{{_KEY}}}"
        digest = digest_of(appid, message.body)
        sealed = self._envelope.seal(
            message.body.decode(), place=place_of(appid, digest)
        )
        signed = sha256_hex(f"{appid}|{received.signature}")
        keys = [*_keys(appid), f"{key}:seen:{digest}", f"{key}:signed:{signed}"]
        outcome, dropped = self._store.run(
            _STORE,
            keys,
            [
                *_arguments(appid),
                *(digest, received.timestamp, self._age, self._seen_seconds),
                *(sender_of(appid, message.openid), sealed, len(sealed) + OVERHEAD),
                *(self._budgets.per_app, self._budgets.in_all),
                *(int(received.key is None), int(_leaves(message))),
            ],
            repeatable=True,
        )
        if dropped:
            log.warning("%s: %d pushes dropped, budget used up", appid, dropped)
        if outcome == b"age":
            raise PushRefused("age")
        if outcome == b"replayed":
            raise PushRefused("replayed")
        if outcome == b"full":
            log.error("%s: push not acknowledged, budget used up", appid)
            raise InboxFull
        return bool(outcome == b"stored")

    def sweep(self) -> int:
        """Remove the bodies of all apps that are too old; return how many."""
        found = 0
        for appid in self._appids():
            while True:
                ended = self._store.run(
                    _SWEEP, _keys(appid), _arguments(appid), repeatable=True
                )
                found += ended
                if ended < MOST_DROPPED:
                    break
        return found

    def _appids(self) -> list[str]:
        names = self._store.run(
            "return redis.call('HKEYS', KEYS[1])", _keys("")[:1], [], repeatable=True
        )
        return [name.decode() for name in names if name != b"*"]


def digest_of(appid: str, body: bytes) -> str:
    """Return the digest by which equal pushes to an app are known."""
    return hashlib.sha256(appid.encode() + b"|" + body).hexdigest()


def place_of(appid: str, digest: str) -> str:
    """Return the place for which a body is sealed."""
    return f"push/{appid}/{digest}"


def sender_of(appid: str, openid: str) -> str:
    """Return what stands for a user in Redis, where no openid is readable."""
    return sha256_hex(f"{appid}|{openid}")[:32]


def _leaves(message: Message) -> bool:
    is_event = message.msg_type == "event" and message.event == "unsubscribe"
    return is_event and bool(message.openid)


def _keys(appid: str) -> list[str]:
    key = f"gateway:push:{{{_KEY}}}"
    return [key, f"{key}:stream:{appid}", f"{key}:senders:{appid}"]


def _arguments(appid: str) -> list[Any]:
    return [appid, LIFE_SECONDS * 1000, MOST_DROPPED, _KEPT_MS]
