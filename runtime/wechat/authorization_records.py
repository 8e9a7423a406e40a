"""Records of authorisations that are being taken, so that none is lost.

    gateway:authorization:{COMPONENT}              sorted set: ids, by the time in ms at
                                                   which somebody has to go on
    gateway:authorization:{COMPONENT}:record:ID    hash, see below
    gateway:authorization:{COMPONENT}:done:ID      the appid, when all is done

    event redirect    what came, sealed: by the event, by the merchant's browser
    asked             when WeChat was asked to exchange the code
    answer answered   its answer, sealed, and when it came
    holder until      who is at work, and until when it may be
    tries             how often it was given up for now

A code works once, so what is known at each step is here before the next one begins:
whoever finds a record goes on from there. Times are in ms of Redis' clock. Each script
recognizes its own repetition. ID is a hash of the code, which nobody can read from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.state.redis_store import RedisStore

LIFE_SECONDS = 7 * 86400
"""How long an unfinished record is stored."""

DONE_SECONDS = 86400
"""How long a finished authorisation is recognized when it is told again."""

LEASE_SECONDS = 3.0
"""After this time without a renewal somebody else goes on."""

FIRST_PAUSE = 15.0
LONGEST_PAUSE = 600.0
"""Seconds until the next try, doubled each time."""

AT_ONCE = 50

Way = Literal["event", "redirect"]

_NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function text(number) return string.format('%.0f', number) end
"""

# KEYS: index, record, done. ARGV: id, holder, lease ms, life ms, pause ms, way, sealed.
# Without a way: goes on with a record that is there.
_BEGIN = (
    _NOW
    + """
local done = redis.call('GET', KEYS[3])
if done then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {'done', done}
end
if ARGV[6] ~= '' then
  redis.call('HSETNX', KEYS[2], ARGV[6], ARGV[7])
  redis.call('HSETNX', KEYS[2], 'begun', text(now))
  redis.call('ZADD', KEYS[1], 'NX', text(now + ARGV[5]), ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
elseif redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {'gone'}
end
local held = redis.call('HMGET', KEYS[2], 'holder', 'until')
local holder, until_ = held[1], held[2]
local left = (tonumber(until_ or '0') or 0) - now
if holder and holder ~= ARGV[2] and left > 0 and left <= tonumber(ARGV[3]) then
  return {'busy'}
end
redis.call('HSET', KEYS[2], 'holder', ARGV[2], 'until', text(now + ARGV[3]))
return {'mine', redis.call('HGETALL', KEYS[2])}
"""
)

# KEYS: record. ARGV: holder, lease ms. Returns 1 while the holder is at work.
_RENEW = (
    _NOW
    + """
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', text(now + ARGV[2]))
return 1
"""
)

# KEYS: record. ARGV: holder, '1' to set the mark, '0' to remove it. Returns 1 while the
# holder is at work.
_ASKED = (
    _NOW
    + """
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'asked', text(now))
else redis.call('HDEL', KEYS[1], 'asked') end
return 1
"""
)

# KEYS: index, record. ARGV: id, life ms, pause ms, way, what came, answer. Whoever has
# an answer stores it, though the record was lost: there will be no other one.
_ANSWERED = (
    _NOW
    + """
redis.call('HSETNX', KEYS[2], ARGV[4], ARGV[5])
redis.call('HSETNX', KEYS[2], 'begun', text(now))
redis.call('HSETNX', KEYS[2], 'answered', text(now))
redis.call('HSETNX', KEYS[2], 'answer', ARGV[6])
redis.call('ZADD', KEYS[1], text(now + ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HGET', KEYS[2], 'answered')
"""
)

# KEYS: index, record, done. ARGV: id, appid, ms for which it is recognized.
_FINISH = """
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
"""

# KEYS: index, record. ARGV: id.
_FORGET = """
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
"""

# KEYS: index, record. ARGV: id, holder, first pause ms, longest pause ms.
_PAUSE = (
    _NOW
    + """
if redis.call('HGET', KEYS[2], 'holder') ~= ARGV[2] then return 0 end
local tries = redis.call('HINCRBY', KEYS[2], 'tries', 1)
redis.call('HDEL', KEYS[2], 'holder', 'until')
local pause = math.min(ARGV[3] * 2 ^ math.min(tries - 1, 20), tonumber(ARGV[4]))
redis.call('ZADD', KEYS[1], text(now + pause), ARGV[1])
return tries
"""
)

# KEYS: index. ARGV: most. Returns the ids whose time has come.
_DUE = (
    _NOW
    + """
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now), 'LIMIT', 0, ARGV[1])
"""
)

# KEYS: index. Returns how many there are.
_COUNT = "return redis.call('ZCARD', KEYS[1])"


class Gone(Exception):
    """The record is no longer there."""


class Busy(Exception):
    """Somebody else is at work on this record."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record that its holder may go on with; opened where it was sealed.

    `asked` tells whether WeChat was asked to exchange the code; `answered` is when its
    answer came, in ms of Redis' clock. `way` is one of those by which it came.
    """

    id: str
    holder: str
    event: Mapping[str, Any] | None = field(repr=False)
    redirect: Mapping[str, Any] | None = field(repr=False)
    begun: int
    asked: bool
    answer: Mapping[str, Any] | None = field(repr=False)
    answered: int | None

    @property
    def came(self) -> Mapping[str, Any]:
        """Return what came: the event tells more."""
        return self.event or self.redirect or {}

    @property
    def way(self) -> Way:
        """Return how it came."""
        return "event" if self.event else "redirect"


class AuthorizationRecords:
    """The records of one component."""

    def __init__(self, store: RedisStore, envelope: Envelope, component: str) -> None:
        self._store = store
        self._envelope = envelope
        self._component = component

    def begin(
        self,
        id_: str,
        holder: str,
        *,
        way: Way | None = None,
        came: Mapping[str, Any] | None = None,
    ) -> Record | str:
        """Store what came, and take the record; the appid if all is done already.

        Without `way`, go on with one that is there; Gone if it is not. Busy if somebody
        else is at work.
        """
        arguments = [
            *(id_, holder, _ms(LEASE_SECONDS), _ms(LIFE_SECONDS), _ms(FIRST_PAUSE)),
            *(way or "", self._seal(id_, way, came) if way else ""),
        ]
        verdict, *rest = self._run(_BEGIN, self._keys(id_), arguments)
        if verdict == b"done":
            return str(rest[0].decode())
        if verdict == b"gone":
            raise Gone
        if verdict == b"busy":
            raise Busy
        pairs = [each.decode() for each in rest[0]]
        fields = dict(zip(pairs[::2], pairs[1::2], strict=True))
        return Record(
            id=id_,
            holder=holder,
            event=self._opened(id_, "event", fields),
            redirect=self._opened(id_, "redirect", fields),
            begun=int(fields.get("begun", 0)),
            asked="asked" in fields,
            answer=self._opened(id_, "answer", fields),
            answered=int(fields["answered"]) if "answered" in fields else None,
        )

    def renew(self, record: Record) -> bool:
        """Prolong the lease; False if the holder has lost it."""
        arguments = [record.holder, _ms(LEASE_SECONDS)]
        return bool(self._run(_RENEW, [self._record(record.id)], arguments))

    def mark_asked(self, record: Record, asked: bool = True) -> bool:
        """Say that WeChat is going to be asked, or that it has seen nothing.

        False if the holder has lost the record: then it must not ask.
        """
        arguments = [record.holder, int(asked)]
        return bool(self._run(_ASKED, [self._record(record.id)], arguments))

    def store_answer(self, record: Record, answer: Mapping[str, Any]) -> int:
        """Store WeChat's answer, and return when it came, in ms of Redis' clock."""
        arguments = [
            *(record.id, _ms(LIFE_SECONDS), _ms(FIRST_PAUSE), record.way),
            self._seal(record.id, record.way, record.came),
            self._seal(record.id, "answer", answer),
        ]
        keys = self._keys(record.id)[:2]
        return int(self._run(_ANSWERED, keys, arguments))

    def finish(self, record: Record, appid: str) -> None:
        """Delete the record, and remember that this authorisation is done."""
        arguments = [record.id, appid, _ms(DONE_SECONDS)]
        self._run(_FINISH, self._keys(record.id), arguments)

    def forget(self, record: Record) -> None:
        """Delete the record of a code that nobody knows anything of."""
        keys = [self._index(), self._record(record.id)]
        self._run(_FORGET, keys, [record.id])

    def pause(self, record: Record) -> None:
        """Leave the record to whoever comes next, after a growing pause."""
        arguments = [record.id, record.holder, _ms(FIRST_PAUSE), _ms(LONGEST_PAUSE)]
        self._run(_PAUSE, self._keys(record.id)[:2], arguments, repeatable=False)

    def due(self) -> list[str]:
        """Return the ids of records with which somebody should go on."""
        found = self._run(_DUE, [self._index()], [AT_ONCE])
        return [each.decode() for each in found]

    def count(self) -> int:
        """Return how many records are not finished."""
        return int(self._run(_COUNT, [self._index()], []))

    def _seal(self, id_: str, name: str | None, content: Any) -> str:
        return self._envelope.seal(json.dumps(content), place=self._place(id_, name))

    def _opened(
        self, id_: str, name: str, fields: Mapping[str, str]
    ) -> Mapping[str, Any] | None:
        if name not in fields:
            return None
        try:
            text = self._envelope.open(fields[name], place=self._place(id_, name))
        except CannotOpen:  # its master key is gone
            return None
        content: Mapping[str, Any] = json.loads(text)
        return content

    def _place(self, id_: str, name: str | None) -> str:
        return f"authorization/{self._component}/{id_}#{name}"

    def _keys(self, id_: str) -> list[str]:
        return [self._index(), self._record(id_), f"{self._index()}:done:{id_}"]

    def _record(self, id_: str) -> str:
        return f"{self._index()}:record:{id_}"

    def _index(self) -> str:
        return f"gateway:authorization:{{{self._component}}}"

    def _run(
        self,
        script: str,
        keys: list[str],
        arguments: list[Any],
        *,
        repeatable: bool = True,
    ) -> Any:
        return self._store.run(script, keys, arguments, repeatable=repeatable)


def record_id(component: str, *parts: str) -> str:
    """Return the id of what came: of a code, or of another event by its parts."""
    return sha256_hex("|".join((component, *parts)))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
