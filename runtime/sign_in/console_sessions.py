"""Sessions of the operators' console, apart from those of users, and of an hour.

The cookie is a random value, and Redis holds its hash. A session names the operator's
document; what the operator may do is read from there with each request.

    gateway:console_session:{HASH}            who, how and since when
    gateway:console_session:{HASH}:notice:ID  what an action has done, for its page
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.sign_in.sessions import Session, key_of_session
from runtime.sign_in.sign_outs import is_ended, key_of_hash
from runtime.state.redis_store import RedisStore
from runtime.state.stored_fields import known_fields
from runtime.web.cookies import set_cookie
from runtime.web.messages import Request

COOKIE = "gateway_console"

SESSION_SECONDS = 3600

NOTICE_SECONDS = 600

BY_CODE = "code"
BY_WECHAT = "wechat"
BY_WECOM = "wecom"
"""The ways into the console: a typed code, a user's session as a viewer, or a member's
that has begun in WeCom's client."""

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_NOTICE = re.compile(r"[A-Za-z0-9_-]{16}")


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """An operator's session; `operator` is the id of the document in `people/`.

    `sid` is the user's session where `way` is not BY_CODE: this one ends with it.
    """

    operator: str
    way: str
    at: int
    sid: str = field(default="", repr=False)
    id: str = field(default="", repr=False, compare=False)
    """The hash of the cookie's value, by which Redis knows the session."""


class ConsoleSessions:
    """Sessions of the console: begun, found and ended."""

    def __init__(
        self,
        store: RedisStore,
        *,
        secure: bool,
        random: Callable[[int], str] = secrets.token_urlsafe,
        seconds: float = SESSION_SECONDS,
    ) -> None:
        self._store = store
        self._secure = secure
        self._random = random
        self._seconds = seconds

    @property
    def cookie_name(self) -> str:
        """Return the name, bound to this host by a prefix where browsers use https."""
        return f"__Host-{COOKIE}" if self._secure else COOKIE

    def by_code(self, operator: str, *, now: float) -> tuple[str, str]:
        """Begin a session for an operator who has typed a code; return Set-Cookie."""
        return self._begin(ConsoleSession(operator, BY_CODE, int(now)))

    def by_session(
        self, operator: str, session: Session, *, way: str, now: float
    ) -> tuple[str, str]:
        """Begin one for a user who is signed in; return Set-Cookie."""
        return self._begin(ConsoleSession(operator, way, int(now), session.sid))

    def find(self, request: Request) -> ConsoleSession | None:
        """Return the session that the request's cookie proves, or None."""
        value = request.cookies.get(self.cookie_name, "")
        if not _VALUE.fullmatch(value):
            return None
        id_ = sha256_hex(value)
        text = self._store.get(_key(id_))
        if text is None:
            return None
        fields = known_fields(ConsoleSession, json.loads(text))
        found = ConsoleSession(**{**fields, "id": id_})
        keys = [key_of_hash(found.operator)]
        keys += [key_of_session(found.sid)] if found.sid else []
        signed_out, *users = self._store.get_all(keys)
        if is_ended(signed_out, since=found.at) or None in users:
            return None
        return found

    def end(self, session: ConsoleSession) -> tuple[str, str]:
        """End a session; return the Set-Cookie that removes the cookie."""
        self._store.remove(_key(session.id))
        return self._cookie("", max_age=0)

    def leave_notice(self, session: ConsoleSession, notice: Mapping[str, Any]) -> str:
        """Store what an action has done, for this session alone; return its id."""
        id_ = self._random(12)
        text = json.dumps(notice, ensure_ascii=False).encode()
        self._store.put(_notice_key(session, id_), text, seconds=NOTICE_SECONDS)
        return id_

    def notice(self, session: ConsoleSession, id_: str) -> Mapping[str, Any] | None:
        """Return what was stored for this session under the id, or None."""
        if not _NOTICE.fullmatch(id_):
            return None
        text = self._store.get(_notice_key(session, id_))
        found: Mapping[str, Any] | None = None if text is None else json.loads(text)
        return found

    def _begin(self, session: ConsoleSession) -> tuple[str, str]:
        value = self._random(32)
        stored = {name: v for name, v in asdict(session).items() if name != "id"}
        text = json.dumps(stored).encode()
        self._store.put(_key(sha256_hex(value)), text, seconds=self._seconds)
        return self._cookie(value, max_age=int(self._seconds))

    def _cookie(self, value: str, *, max_age: int) -> tuple[str, str]:
        return set_cookie(
            self.cookie_name,
            value,
            max_age=max_age,
            secure=self._secure,
            same_site="Strict",
        )


def _key(id_: str) -> str:
    return f"gateway:console_session:{{{id_}}}"


def _notice_key(session: ConsoleSession, id_: str) -> str:
    return f"{_key(session.id)}:notice:{id_}"
