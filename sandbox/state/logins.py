"""Sign-ins by QR code: shown, scanned, then confirmed or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.state.users import User

LIFE = 300
GONE = 3
"""Seconds without a poll after which a page that polled counts as closed."""

# The long poll's numbers for what has become of a QR code.
WAITING, SCANNED, CONFIRMED = 408, 404, 405
REFUSED, EXPIRED, CONSUMED = 403, 402, 666


class LoginConflict(Exception):
    """The phone did something that this QR code does not allow now."""


@dataclass(slots=True)
class Login:
    """One QR code; `user` is who scanned it, `code` comes with the confirmation.

    `polls` counts the pages that wait for news of it, and `left_at` is when the last
    one of them went away: None for a code whose page has never asked.
    """

    uuid: str
    appid: str
    expires_at: float
    status: int = WAITING
    user: User | None = None
    code: str = ""
    polls: int = 0
    left_at: float | None = None


class Logins:
    """The QR codes that were shown; one lives five minutes."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._logins: dict[str, Login] = {}

    def open(self, appid: str) -> Login:
        """Return a new QR code for that app."""
        login = Login(self._ids.uuid(), appid, self._clock.now() + LIFE)
        self._logins[login.uuid] = login
        return login

    def pending(self) -> Sequence[Login]:
        """Return what a phone could still scan or answer, newest first.

        Without the codes whose page has been closed, as nobody can see them.
        """
        return [
            login
            for login in reversed(self._logins.values())
            if self.status(login.uuid) in _OPEN and not self._is_closed(login)
        ]

    @contextmanager
    def polled(self, uuid: str) -> Iterator[None]:
        """Note that a page waits for news of the code, as long as it does."""
        login = self._logins.get(uuid)
        if login is None:
            yield
            return
        login.polls += 1
        try:
            yield
        finally:
            login.polls -= 1
            login.left_at = self._clock.now()

    def _is_closed(self, login: Login) -> bool:
        left = login.left_at
        return not login.polls and left is not None and left + GONE < self._clock.now()

    def status(self, uuid: str) -> int:
        """Return the long poll's number; an unknown QR code counts as expired."""
        login = self._logins.get(uuid)
        if login is None:
            return EXPIRED
        late = login.expires_at <= self._clock.now()
        return EXPIRED if late and login.status != CONFIRMED else login.status

    def code(self, uuid: str) -> str:
        """Return the code of a confirmed QR code, else an empty text."""
        login = self._logins.get(uuid)
        return login.code if login is not None else ""

    def scan(self, uuid: str, user: User) -> Login:
        """Note who scanned it; a refused QR code may be scanned again."""
        login = self._usable(uuid)
        if login.status == SCANNED and login.user is not user:
            raise LoginConflict("another user has scanned this QR code")
        login.user, login.status = user, SCANNED
        return login

    def confirm(self, uuid: str, user: User, code: str) -> Login:
        """Note the consent of the user who scanned it, scanning it if need be."""
        login = self.scan(uuid, user)
        login.code, login.status = code, CONFIRMED
        return login

    def refuse(self, uuid: str, user: User) -> Login:
        """Note the refusal of the user who scanned it."""
        login = self.scan(uuid, user)
        login.status = REFUSED
        return login

    def find(self, uuid: str) -> Login | None:
        """Return the QR code while a phone can still answer it."""
        return self._logins[uuid] if self.status(uuid) in _OPEN else None

    def _usable(self, uuid: str) -> Login:
        login = self.find(uuid)
        if login is None:
            raise LoginConflict("this QR code is unknown, expired or already confirmed")
        return login


_OPEN = (WAITING, SCANNED, REFUSED)
