"""Codes that take a mini program's user into its web-view, for a minute and once.

A code names the user, the app and a fixed `next`. Redis holds its hash. It belongs to
the first browser that redeems it: the same browser may repeat that, and gets the same
session; another one gets nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.state.redis_store import RedisStore
from runtime.state.stored_fields import known_fields

CODE_SECONDS = 60

# KEYS: the code, its browser. ARGV: the browser with the session id that it would get.
# It may run twice, as an answer of Redis can be lost. Returns the code's content and
# the first browser's.
_REDEEM = """
local content = redis.call('GET', KEYS[1])
if not content then return {} end
local left = math.max(1, redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', left)
return {content, redis.call('GET', KEYS[2])}
"""


@dataclass(frozen=True, slots=True)
class WebViewUser:
    """The user whom a code signs in, by the mini program's session, and where to."""

    sub: str
    sid: str
    at: int
    app: str
    next: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redeemed code: its user, and the id of the session that begins.

    `repeated` tells that the same browser had redeemed it before.
    """

    user: WebViewUser
    sid: str
    repeated: bool


class WebViewCodes:
    """Codes for a web-view: issued, looked at, and redeemed."""

    def __init__(
        self,
        store: RedisStore,
        *,
        random: Callable[[int], str] = secrets.token_urlsafe,
        seconds: float = CODE_SECONDS,
    ) -> None:
        self._store = store
        self._random = random
        self._seconds = seconds

    def issue(self, user: WebViewUser) -> str:
        """Return a new code for this user."""
        code = self._random(24)
        text = json.dumps(asdict(user)).encode()
        self._store.put(_key(code), text, seconds=self._seconds)
        return code

    def find(self, code: str) -> WebViewUser | None:
        """Return the user of a code, None if it has expired; nothing changes."""
        text = self._store.get(_key(code))
        return None if text is None else _user(text)

    def redeem(self, code: str, *, browser: str) -> Redeemed | None:
        """Redeem the code for this browser; None if it is not the first, or too late.

        `browser` is a secret that the browser alone has.
        """
        key, own = _key(code), sha256_hex(browser)
        mark = f"{own}.{self._random(16)}"
        found: list[Any] = self._store.run(
            _REDEEM, [key, key + ":browser"], [mark], repeatable=True
        )
        if not found:
            return None
        first, _, sid = found[1].decode().partition(".")
        if first != own:
            return None
        return Redeemed(_user(found[0]), sid, repeated=found[1].decode() != mark)


def _user(text: bytes) -> WebViewUser:
    return WebViewUser(**known_fields(WebViewUser, json.loads(text)))


def _key(code: str) -> str:
    return f"gateway:web_view:{{{sha256_hex(code)}}}"
