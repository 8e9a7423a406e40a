"""Confirmations: a sign-in on one device that a user confirms on another, a phone.

How the phone came to it is not known here: by a QR code that shows our address, or by
an event that WeChat pushes. A phone never signs a computer in by itself. It
gets four digits, and whoever sits at the computer has to type them there.

    waiting --confirm--> confirmed --take, right digits--> used
       |                     |
       +------refuse---------+--refuse, or too many wrong digits--> refused, failed

Everything is one hash in Redis, `gateway:confirmation:{hash}`, which scripts change as
a whole, so that two users or two instances cannot both succeed. Redis' own clock
decides what is too late: a confirmation is open until its key has only `KEPT` left.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from runtime.crypto.encoding import base64url, sha256_hex
from runtime.state.redis_store import RedisStore, attempt_id
from runtime.state.stored_fields import known_fields

OPEN_SECONDS = 300
"""How long a confirmation waits for a phone."""

TYPING_SECONDS = 120
"""The least time to type the digits, even if the phone came in the last second."""

KEPT_SECONDS = 600
"""How long it is remembered after that: as long as its flow could begin it again."""

MOST_WRONG = 3
"""Wrong digits that end a confirmation: three guesses of ten thousand."""

WAITING, CONFIRMED, USED = "waiting", "confirmed", "used"
REFUSED, FAILED, EXPIRED = "refused", "failed", "expired"

_ID_BYTES = 12

# Each script may run twice, as an answer of Redis can be lost. Each returns the state,
# who confirmed, the digits, the tries left and the milliseconds left.
# KEYS: the confirmation. ARGV[1]: for how long it is kept after it has ended, in ms.
_OPENED = """
local kept = tonumber(ARGV[1])
local function read()
  local found = redis.call('HMGET', KEYS[1], 'state', 'by', 'digits', 'left', 'asked')
  found[6] = redis.call('PTTL', KEYS[1]) - kept
  return found
end
local is_open = redis.call('PTTL', KEYS[1]) > kept
local state = redis.call('HGET', KEYS[1], 'state')
"""

# ARGV: kept, the life, what is asked.
_START = (
    _OPENED
    + """
if not state then
  redis.call('HSET', KEYS[1], 'state', 'waiting', 'asked', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) + kept)
end
return read()
"""
)

_FIND = _OPENED + "return read()"

# ARGV: kept, who it is, the profile, new digits, the tries, the least time to type. The
# first user who confirms is the one; another one changes nothing.
_CONFIRM = (
    _OPENED
    + """
if state == 'waiting' and is_open then
  redis.call('HSET', KEYS[1], 'state', 'confirmed', 'by', ARGV[2], 'user', ARGV[3],
    'digits', ARGV[4], 'left', ARGV[5])
  local least = tonumber(ARGV[6]) + kept
  if redis.call('PTTL', KEYS[1]) < least then redis.call('PEXPIRE', KEYS[1], least) end
end
return read()
"""
)

# ARGV: kept, who it is. Once somebody has confirmed, nobody else can refuse.
_REFUSE = (
    _OPENED
    + """
local is_its = state == 'confirmed' and redis.call('HGET', KEYS[1], 'by') == ARGV[2]
if is_open and (state == 'waiting' or is_its) then
  redis.call('HSET', KEYS[1], 'state', 'refused', 'by', ARGV[2])
  redis.call('HDEL', KEYS[1], 'user', 'digits')
end
return read()
"""
)

# ARGV: kept, the digits, the attempt. Returns the user to right digits, and to the same
# ones again, with what was asked. A wrong attempt that is repeated is counted once.
_TAKE = (
    _OPENED
    + """
local right = redis.call('HGET', KEYS[1], 'digits') == ARGV[2]
local function taken() return redis.call('HMGET', KEYS[1], 'user', 'asked') end
if state == 'used' and right then return taken() end
if state == 'confirmed' and is_open and right then
  redis.call('HSET', KEYS[1], 'state', 'used')
  return taken()
end
if state == 'confirmed' and is_open
    and redis.call('HGET', KEYS[1], 'attempt') ~= ARGV[3] then
  redis.call('HSET', KEYS[1], 'attempt', ARGV[3])
  if redis.call('HINCRBY', KEYS[1], 'left', -1) <= 0 then
    redis.call('HSET', KEYS[1], 'state', 'failed')
    redis.call('HDEL', KEYS[1], 'user', 'digits')
  end
end
return read()
"""
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a phone: the sign-in that is to be confirmed.

    `device` and `place` describe the computer, both empty where they are not known;
    `scope` is what WeChat is asked for, None for the app's own.
    `browser` is the hash that binds the flow to the computer's browser. With `tap` no
    digits are typed: whoever shows a QR code to a user is then signed in as that user.
    `at` is when it began, in Unix seconds. `account_qr` is the text of the QR code that
    the service account has made for it, empty where the QR code shows our own address;
    the account then writes to the user in `language`, that of the computer's page.
    """

    client_id: str
    appid: str
    scope: str | None = None
    device: str = ""
    place: str = ""
    browser: str = ""
    tap: bool = False
    at: int = 0
    account_qr: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation as it stands; `by` is the user who has confirmed or refused.

    `tries` are the digits that may still be wrong, `seconds` the time that is left.
    """

    asked: Asked
    state: str
    by: str = ""
    digits: str = ""
    tries: int = MOST_WRONG
    seconds: int = 0

    @property
    def age(self) -> int:
        """Return the seconds since it began, while it waits for a phone."""
        return max(0, OPEN_SECONDS - self.seconds)


@dataclass(frozen=True, slots=True)
class Taken:
    """A confirmation that the right digits have used: who signs in, and to what."""

    user: Mapping[str, Any]
    asked: Asked


def random_digits() -> str:
    """Return four digits."""
    return f"{secrets.randbelow(10_000):04}"


class Confirmations:
    """Confirmations by their id: begun by a computer, confirmed by a phone."""

    def __init__(
        self,
        store: RedisStore,
        *,
        digits: Callable[[], str] = random_digits,
        open_seconds: float = OPEN_SECONDS,
        typing_seconds: float = TYPING_SECONDS,
    ) -> None:
        self._store = store
        self._digits = digits
        self._open = _milliseconds(open_seconds)
        self._typing = _milliseconds(typing_seconds)

    def start(self, id_: str, asked: Asked) -> Confirmation:
        """Begin it, if it has not begun yet, and return it as it stands."""
        return self._read(_START, id_, self._open, json.dumps(asdict(asked)))

    def find(self, id_: str) -> Confirmation | None:
        """Return the confirmation, None if there is none; nothing changes."""
        found = self._run(_FIND, id_)
        return _confirmation(found) if found[0] else None

    def confirm(
        self, id_: str, *, by: str, user: Mapping[str, Any]
    ) -> Confirmation | None:
        """Let the user `by` confirm; the answer tells who was the first to do so.

        The same user may come again, and gets the same digits.
        """
        text = json.dumps(user, ensure_ascii=False)
        found = self._run(
            _CONFIRM, id_, by, text, self._digits(), MOST_WRONG, self._typing
        )
        return _confirmation(found) if found[0] else None

    def refuse(self, id_: str, *, by: str) -> None:
        """End it, as this user wants nothing of it."""
        self._run(_REFUSE, id_, by)

    def take(self, id_: str, digits: str) -> Taken | Confirmation | None:
        """Return the user to the right digits, else the confirmation as it stands."""
        found = self._run(_TAKE, id_, digits, attempt_id())
        if len(found) == 2:
            return Taken(json.loads(found[0]), _asked(found[1]))
        return _confirmation(found) if found[0] else None

    def _read(self, script: str, id_: str, *arguments: str | int) -> Confirmation:
        return _confirmation(self._run(script, id_, *arguments))

    def _run(self, script: str, id_: str, *arguments: str | int) -> Any:
        kept = _milliseconds(KEPT_SECONDS)
        keys = [f"gateway:confirmation:{{{sha256_hex(id_)}}}"]
        return self._store.run(script, keys, [kept, *arguments], repeatable=True)


def confirmation_id(state: str) -> str:
    """Return the id of the confirmation of a flow: short, and no way to the state."""
    digest = bytes.fromhex(sha256_hex(f"confirmation:{state}"))
    return base64url(digest[:_ID_BYTES])


def _confirmation(found: Any) -> Confirmation:
    state, by, digits, left, asked, milliseconds = found
    named = state.decode()
    if named in (WAITING, CONFIRMED) and milliseconds <= 0:
        named = EXPIRED
    return Confirmation(
        asked=_asked(asked),
        state=named,
        by=(by or b"").decode(),
        digits=(digits or b"").decode(),
        tries=int(left or MOST_WRONG),
        seconds=max(0, -(-milliseconds // 1000)),
    )


def _asked(text: bytes) -> Asked:
    return Asked(**known_fields(Asked, json.loads(text)))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
