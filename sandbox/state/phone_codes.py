"""Codes of the button getPhoneNumber: each returns a user's number once."""

from __future__ import annotations

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.users import User

LIFE = 300


class PhoneCodes:
    """Codes of a mini program, and the user of each."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._codes: dict[str, tuple[str, User, float]] = {}

    def make(self, appid: str, user: User) -> str:
        """Return a code for that app, good for five minutes."""
        code = self._ids.phone_code()
        self._codes[code] = (appid, user, self._clock.now() + LIFE)
        return code

    def redeem(self, appid: str, code: str) -> User:
        """Use the code up; WeChatError 40029, or 40013 at another mini program."""
        owner, user, expires_at = self._codes.get(code, (None, None, 0.0))
        if user is None or expires_at <= self._clock.now():
            raise WeChatError(40029)
        if owner != appid:
            raise WeChatError(40013)
        del self._codes[code]
        return user
