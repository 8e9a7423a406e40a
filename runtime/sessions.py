"""Who is signed in: a cookie that proves it, and the profile in Redis behind it.

The cookie is Tornado's signed value, so a Tornado service on the same domain reads
it by `get_signed_cookie`. It holds `{"v":1,"sub":..,"sid":..,"at":..,"amr":"wechat"}`
and no profile: it stays small, and no name travels with every request.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.cookies import read_cookie, set_cookie, sign_cookie
from runtime.errors import NotSignedIn
from runtime.messages import Request
from runtime.setting_values import Keys
from runtime.store import Store

COOKIE = "gateway_session"


@dataclass(frozen=True, slots=True)
class Session:
    """What the cookie proves: `at` is the time of sign-in in unix seconds."""

    sub: str
    sid: str
    at: int


class Sessions:
    """Begins, reads and ends sessions."""

    def __init__(
        self,
        store: Store,
        *,
        keys: Keys,
        secure: bool,
        seconds: float,
        random: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._store = store
        self._keys = keys
        self._secure = secure
        self._seconds = seconds
        self._random = random

    def begin(self, sub: str, profile: Mapping[str, Any], *, now: float) -> Session:
        """Store the profile under a new session id and return the session."""
        session = Session(sub=sub, sid=self._random(16), at=int(now))
        text = json.dumps(profile, ensure_ascii=False).encode()
        self._store.put(_key(session.sid), text, seconds=self._seconds)
        return session

    def cookie(self, session: Session, *, now: float) -> tuple[str, str]:
        """Return the Set-Cookie header for a session."""
        fields = {"v": 1, "sub": session.sub, "sid": session.sid, "at": session.at}
        text = json.dumps({**fields, "amr": "wechat"}, separators=(",", ":"))
        value = sign_cookie(COOKIE, text, keys=self._keys, now=now)
        age = int(self._seconds)
        return set_cookie(COOKIE, value, max_age=age, secure=self._secure)

    def no_cookie(self) -> tuple[str, str]:
        """Return the Set-Cookie header that takes the cookie away."""
        return set_cookie(COOKIE, "", max_age=0, secure=self._secure)

    def of(self, request: Request, *, now: float) -> Session | None:
        """Return the session that the request's cookie proves, or None."""
        text = read_cookie(
            COOKIE,
            request.cookies.get(COOKIE),
            keys=self._keys,
            now=now,
            max_age=self._seconds,
        )
        if text is None:
            return None
        try:
            fields = json.loads(text)
            return Session(sub=fields["sub"], sid=fields["sid"], at=fields["at"])
        except (ValueError, KeyError, TypeError):
            return None

    def profile(self, session: Session) -> Mapping[str, Any]:
        """Return the profile; NotSignedIn if the session has been ended."""
        text = self._store.get(_key(session.sid))
        if text is None:
            raise NotSignedIn
        profile: Mapping[str, Any] = json.loads(text)
        return profile

    def end(self, session: Session) -> None:
        """End the session everywhere."""
        self._store.remove(_key(session.sid))


def _key(sid: str) -> str:
    return f"gateway:session:{{{sid}}}"
