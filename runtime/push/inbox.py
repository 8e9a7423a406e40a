"""Inbox: pushes that are acknowledged, each in its app's stream in Redis, sealed.

    gateway:push:{inbox}:stream:APPID     the pushes, the oldest first
    gateway:push:{inbox}:senders:APPID    sorted set SENDER:ID, to find a user's pushes
    gateway:push:{inbox}:seen:DIGEST      ENTRY|ROUTE of a push that came, and of the
                                          route that replies to it
    gateway:push:{inbox}:signed:HASH      of a plain push: whose signature it is

One script stores a push and the jobs of its routes, so whoever is killed afterwards
loses none; queue_scripts.py tells how these are stored. A script that runs twice finds
its own push and stores nothing, so it is repeatable.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.envelope import Envelope
from runtime.push.budgets import ROOM, Budgets, InboxFull
from runtime.push.deliveries import answer_place
from runtime.push.push_message import Message, read_message
from runtime.push.queue_scripts import JOB_OVERHEAD, MOST_DROPPED, SHARED, keys_of
from runtime.push.receiving import AGE_SECONDS, PushRefused, Received
from runtime.push.room_log import RoomLog
from runtime.push.routes import Matched, Route
from runtime.push.wecom_pushes import identity_of, order_of, user_of
from runtime.state.redis_store import RedisStore, attempt_id

SEEN_SECONDS = 900
"""How long an equal push is recognized at least; WeChat repeats within seconds."""

OVERHEAD = 640
"""Bytes that a push takes in Redis besides its sealed body, by measurement and more."""

ASK, COPY = "ask", "copy"
"""Kinds of jobs: to ask the service that replies, and to send a copy."""

# KEYS: also seen, signed. ARGV: also digest, timestamp, age, seconds seen, sender,
# body, size, if it is plain, if the user leaves, the jobs, token, lease in ms.
_STORE = (
    SHARED
    + ROOM
    + """
local digest, at, age = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local sender, body, size = ARGV[10], ARGV[11], tonumber(ARGV[12])
local is_plain, leaves = ARGV[13] == '1', ARGV[14] == '1'
local token, lease = ARGV[16], tonumber(ARGV[17])
if math.abs(math.floor(now / 1000) - at) > age then return {'age', dropped, lost} end
if is_plain then
  local covered = redis.call('GET', KEYS[14])
  if covered and covered ~= digest then return {'replayed', dropped, lost} end
  redis.call('SET', KEYS[14], digest, 'EX', ARGV[9])
end
local known = redis.call('GET', KEYS[13])
if known then
  local entry, route = string.match(known, '^([^|]*)|?(.*)$')
  local id = app .. '/' .. entry .. '/' .. route
  local job = load(id) or {}
  local is_own = job.s == 'asked' and job.h == token
  return {is_own and 'stored' or 'equal', dropped, lost, entry, route, job.s or '',
    redis.call('HGET', KEYS[2], id .. '=') or ''}
end
if leaves then
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[12], '[' .. sender .. ':',
    '[' .. sender .. ';')) do
    local id = string.sub(member, #sender + 2)
    local entry = redis.call('XRANGE', KEYS[11], id, id)[1]
    if entry then drop(entry) else redis.call('ZREM', KEYS[12], member) end
  end
end
if not room_for(size) then return {'full', dropped, lost} end
local planned, routes, replier = cjson.decode(ARGV[15]), {}, ''
for _, plan in ipairs(planned) do
  table.insert(routes, plan.r)
  if plan.k == 'ask' then replier = plan.r end
end
local entry = redis.call('XADD', KEYS[11], '*', 'body', body, 'digest', digest,
  'sender', sender, 'size', size, 'routes', table.concat(routes, ','))
redis.call('ZADD', KEYS[12], 0, sender .. ':' .. entry)
resize(app, size)
redis.call('SET', KEYS[13], entry .. '|' .. replier, 'EX', ARGV[9])
local state = ''
if #planned == 0 then
  redis.call('ZADD', KEYS[6], 0, app .. ':' .. entry)
else
  redis.call('HSET', KEYS[9], app .. '/' .. entry, #planned)
  local holds = is_paused(app)
  for _, plan in ipairs(planned) do
    local id = app .. '/' .. entry .. '/' .. plan.r
    local job = {t = plan.t, k = plan.k, a = app, e = entry, b = now, n = 0,
      i = next_number(), o = plan.o}
    local target = state_of(plan.t)
    local fails = (target.f or 0) >= 3 and ahead(target.p, HOUR)
    if holds then
      set_aside(id, job, 'p')
    elseif plan.k == 'ask' and lease > 0 and not fails and not target.x then
      job.s, job.h = 'asked', token
      redis.call('ZADD', KEYS[10], ms(now + lease), id)
    else
      queue(id, job, nil)
      look(plan.t, target)
    end
    save(id, job)
    if plan.k == 'ask' then state = job.s end
  end
end
keep()
redis.call('PEXPIRE', KEYS[11], KEPT)
redis.call('PEXPIRE', KEYS[12], KEPT)
return {'stored', dropped, lost, entry, replier, state, ''}
"""
)

_SWEEP = (
    SHARED
    + ROOM
    + """
if redis.call('XLEN', KEYS[11]) == 0 then redis.call('HDEL', KEYS[1], app) end
return ended
"""
)

_NAMES = "return redis.call('HKEYS', KEYS[1])"

_READ = """
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
return entry and entry[2]
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A push that is stored: `is_new` now, else an equal one was before.

    `job_id` is the job of the service that replies, "" if none does, and `state` its
    state. If that is asked, the caller of a new push is the one who asks, under
    `token`, and reports what came of it. `answer` is the service's, if it has one.
    """

    is_new: bool
    entry: str
    job_id: str = ""
    state: str = ""
    token: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)

    @property
    def asks(self) -> bool:
        """Tell whether the caller has to ask the service."""
        return self.is_new and self.state == "asked"


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
        self._room_log = RoomLog()
        self._age = age
        # As long as a signature is good, so that no push can come twice.
        self._seen_seconds = max(SEEN_SECONDS, math.ceil(2 * age))

    def store(
        self,
        appid: str,
        received: Received,
        matched: Matched | None = None,
        *,
        owner: str = "",
        ask_seconds: float = 0.0,
    ) -> Stored:
        """Store a push with a job for each of its routes, unless it came before.

        With `ask_seconds` the caller asks the service that replies, and has so long to
        report; otherwise, or if its app or target is paused, the job waits for deliver.
        `owner` is the document that has the routes, if it is not the app's.

        PushRefused for one from another time by Redis' clock, and for a plain one whose
        signature came with another message. InboxFull, and ServiceUnavailable while
        Redis is away: then nothing is stored, and WeChat must not get `success`.
        """
        message = received.message
        identity, user, in_order = message.body, message.openid, message.openid
        if received.of_wecom:
            identity, user = identity_of(message), user_of(message)
            in_order = order_of(message)
        digest = digest_of(appid, identity)
        sealed = self._envelope.seal(
            message.body.decode(), place=place_of(appid, digest)
        )
        signed = sha256_hex(f"{appid}|{received.signature}")
        sender, order = sender_of(appid, user), sender_of(appid, in_order)
        planned = list(_planned(owner or appid, matched or Matched(), order))
        size = len(sealed) + OVERHEAD + len(planned) * JOB_OVERHEAD
        keys, token = keys_of(appid), attempt_id()
        outcome, dropped, lost, *found = self._store.run(
            _STORE,
            [*keys, f"{keys[0]}:seen:{digest}", f"{keys[0]}:signed:{signed}"],
            [
                *self._budgets.arguments(appid),
                *(digest, received.timestamp, self._age, self._seen_seconds),
                *(sender, sealed, size),
                *(int(received.key is None), int(_leaves(message))),
                *(json.dumps(planned), token, round(ask_seconds * 1000)),
            ],
            repeatable=True,
        )
        self._room_log.note_dropped(appid, dropped)
        self._room_log.note_lost(appid, lost)
        if outcome == b"age":
            raise PushRefused("age")
        if outcome == b"replayed":
            raise PushRefused("replayed")
        if outcome == b"full":
            self._room_log.note_refused(appid)
            raise InboxFull
        entry, route, state, answer = (each.decode() for each in found)
        job_id = f"{appid}/{entry}/{route}" if route else ""
        if answer:
            answer = self._envelope.open(answer, place=answer_place(job_id))
        is_new = outcome == b"stored"
        return Stored(is_new, entry, job_id, state, token, answer)

    def read(self, appid: str, entry: str) -> Message | None:
        """Return a stored push, None if it has ended; CannotOpen without its key."""
        found = self._store.run(_READ, [keys_of(appid)[-2]], [entry], repeatable=True)
        if not found:
            return None
        fields = dict(zip(found[0::2], found[1::2], strict=True))
        place = place_of(appid, fields[b"digest"].decode())
        body = self._envelope.open(fields[b"body"].decode(), place=place)
        return read_message(body.encode())

    def sweep(self) -> int:
        """Remove the bodies of all apps that are too old; return how many."""
        found = 0
        for appid in self._appids():
            while True:
                ended = self._store.run(
                    _SWEEP,
                    keys_of(appid),
                    self._budgets.arguments(appid),
                    repeatable=True,
                )
                found += ended
                if ended < MOST_DROPPED:
                    break
        return found

    def _appids(self) -> list[str]:
        names = self._store.run(_NAMES, keys_of("")[:1], [], repeatable=True)
        return [each.decode() for each in names if each != b"*" and b"/" not in each]


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


def target_of(owner: str, route: Route) -> str:
    """Return the target of a route: all its jobs wait for the same service."""
    return f"{owner}/{route.id}"


def _planned(owner: str, matched: Matched, order: str) -> Iterator[dict[str, Any]]:
    routes = [(ASK, matched.replier)] if matched.replier else []
    for kind, route in [*routes, *((COPY, each) for each in matched.copies)]:
        plan = {"r": route.id, "t": target_of(owner, route), "k": kind}
        yield {**plan, "o": order} if route.ordered else plan
