"""Customer-service accounts of one official account."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from sandbox.errors import WeChatError

# Not confirmed by the platform's documents.
LONGEST_NAME = 10
MOST_ACCOUNTS = 100
FIRST_ID = 1001

NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Clerk:
    """One customer-service account; `kf_account` is `name@account`."""

    kf_account: str
    kf_nick: str
    kf_id: int
    kf_headimgurl: str = ""

    def listed(self) -> dict[str, str | int]:
        """Return it in the words of the wire."""
        return asdict(self)


class Desk:
    """The clerks by kf_account, in the order they were taken on."""

    def __init__(self) -> None:
        self._clerks: dict[str, Clerk] = {}
        self._next_id = FIRST_ID

    def clerks(self) -> list[Clerk]:
        """Return all of them."""
        return list(self._clerks.values())

    def add(self, kf_account: str, *, nickname: str) -> None:
        """Take one on; 61452 to 61456 for the name or the number of them."""
        _check_account(kf_account)
        if kf_account in self._clerks:
            raise WeChatError(61453)
        if len(self._clerks) >= MOST_ACCOUNTS:
            raise WeChatError(61456)
        self._clerks[kf_account] = Clerk(kf_account, nickname, self._next_id)
        self._next_id += 1

    def get(self, kf_account: str) -> Clerk:
        """Return one; 61452 if there is none of that name."""
        if kf_account not in self._clerks:
            raise WeChatError(61452)
        return self._clerks[kf_account]

    def rename(self, kf_account: str, *, nickname: str) -> None:
        """Give one another nickname; 61452 if there is none."""
        kf_id = self.get(kf_account).kf_id
        self._clerks[kf_account] = Clerk(kf_account, nickname, kf_id)

    def dismiss(self, kf_account: str) -> None:
        """Remove one; 61452 if there is none."""
        self.get(kf_account)
        del self._clerks[kf_account]


def _check_account(kf_account: str) -> None:
    name, at, account = kf_account.partition("@")
    if not (name and at and account):
        raise WeChatError(61452)
    if len(name) > LONGEST_NAME:
        raise WeChatError(61454)
    if not NAME.fullmatch(name):
        raise WeChatError(61455)
