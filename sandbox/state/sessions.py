"""Sessions of mini programs: each wx.login gives a new session_key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.users import User

A_MINUTE = 100

_TOO_FAST = "api minute-quota reach limit  mustslower  retry next minute"


@dataclass(frozen=True, slots=True)
class Session:
    """The session that a login code stands for."""

    appid: str
    user: User
    session_key: str = field(repr=False)

    @property
    def openid(self) -> str:
        """Return the user's openid at that mini program."""
        return self.user.openid[self.appid]


class Sessions:
    """The newest session of each user at each mini program."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._newest: dict[tuple[str, str], Session] = {}
        self._logins: Counter[tuple[str, str, int]] = Counter()

    def start(self, appid: str, user: User) -> Session:
        """Return a new session; data encrypted for the older one is lost."""
        session = Session(appid, user, self._ids.session_key())
        self._newest[appid, session.openid] = session
        return session

    def newest(self, appid: str, openid: str) -> Session:
        """Return the user's newest session; WeChatError 87007 if there is none."""
        session = self._newest.get((appid, openid))
        if session is None:
            raise WeChatError(87007)
        return session

    def admit(self, session: Session) -> None:
        """Check the user; WeChatError 40226 if blocked, 45011 if too often."""
        if session.user.blocked:
            raise WeChatError(40226)
        minute = (session.appid, session.openid, int(self._clock.now() // 60))
        if self._logins[minute] >= A_MINUTE:
            raise WeChatError(45011, _TOO_FAST)
        self._logins[minute] += 1
