"""One-time codes: each belongs to one app, lives minutes, and is used once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class _Code(Generic[Subject]):
    appid: str
    subject: Subject
    expires_at: float
    used: bool = False


class Codes(Generic[Subject]):
    """Codes for subjects; `expired` is the errcode of a late one."""

    def __init__(self, clock: Clock, ids: Ids, *, expired: int) -> None:
        self._clock = clock
        self._ids = ids
        self._expired = expired
        self._codes: dict[str, _Code[Subject]] = {}

    def make(self, appid: str, subject: Subject, *, life: float) -> str:
        """Return a code for that app, good for `life` seconds."""
        code = self._ids.code()
        self._codes[code] = _Code(appid, subject, self._clock.now() + life)
        return code

    def redeem(self, appid: str, code: str) -> Subject:
        """Use the code up; WeChatError 40029 unknown, 40163 used, or the late one's."""
        known = self._codes.get(code)
        if known is None or known.appid != appid:
            raise WeChatError(40029)
        if known.used:
            raise WeChatError(40163)
        if known.expires_at <= self._clock.now():
            raise WeChatError(self._expired)
        self._codes[code] = replace(known, used=True)
        return known.subject

    def is_used(self, code: str) -> bool:
        """Tell whether the code was redeemed."""
        known = self._codes.get(code)
        return known is not None and known.used
