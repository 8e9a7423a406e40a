"""Access tokens of apps: two kinds side by side, each with its overlap."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.quota import day_of

LIFE = 7200
OVERLAP = 300
FORCED_A_DAY = 20
FORCED_APART = 30


@dataclass(frozen=True, slots=True)
class AppToken:
    """A token; once superseded it is good until `retired_at` only.

    `component` is the appid of the component that got it for the account, or empty.
    """

    value: str = field(repr=False)
    appid: str
    expires_at: float
    retired_at: float | None = None
    component: str = ""


class AppTokens:
    """Tokens of `/cgi-bin/token` and `stable_token`: issued and judged.

    The two modes never touch each other's tokens, and both are accepted.
    """

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._tokens: dict[str, AppToken] = {}
        self._current: dict[tuple[str, str], str] = {}
        self._forced: Counter[tuple[str, int]] = Counter()
        self._forced_at: dict[str, float] = {}

    def issue(self, appid: str, *, component: str = "") -> AppToken:
        """Return a new normal token; the previous one lives five more minutes.

        Tokens that a component gets for the account have nothing to do with others.
        """
        return self._supersede(appid, component or "normal", component)

    def stable(self, appid: str, *, force: bool = False) -> AppToken:
        """Return the stable token, a new one in its last minutes or by force.

        A forced call closer than 30 s to the last one changes nothing; the 21st
        refresh of a day is WeChatError 45009.
        """
        current = self._live(appid, "stable")
        if current is not None and force and self._may_force(appid):
            del self._tokens[current.value]  # no overlap is promised here
            return self._supersede(appid, "stable")
        if current is None or current.expires_at - self._clock.now() < OVERLAP:
            return self._supersede(appid, "stable")
        return current

    def check(self, value: str) -> str:
        """Return the appid of a usable token; WeChatError 40001 or 42001."""
        return self.find(value).appid

    def find(self, value: str) -> AppToken:
        """Return a usable token; WeChatError 40001 or 42001."""
        token = self._tokens.get(value)
        now = self._clock.now()
        if token is None or (token.retired_at is not None and token.retired_at <= now):
            raise WeChatError(40001)
        if token.retired_at is None and token.expires_at <= now:
            raise WeChatError(42001)
        return token

    def owner(self, value: str) -> str | None:
        """Return the appid of any token ever issued and not dropped."""
        token = self._tokens.get(value)
        return None if token is None else token.appid

    def drop(self, appid: str) -> None:
        """Make every token of the app unknown, so that it answers 40001."""
        self._tokens = {
            value: token
            for value, token in self._tokens.items()
            if token.appid != appid
        }

    def drop_on_behalf(self, appid: str, *, component: str) -> None:
        """Make every token that the component got for the account unknown."""
        self._tokens = {
            value: token
            for value, token in self._tokens.items()
            if (token.appid, token.component) != (appid, component)
        }

    def _supersede(self, appid: str, mode: str, component: str = "") -> AppToken:
        now = self._clock.now()
        previous = self._live(appid, mode)
        if previous is not None:
            retired = replace(previous, retired_at=now + OVERLAP)
            self._tokens[previous.value] = retired
        value, ends = self._ids.access_token(), now + LIFE
        token = AppToken(value, appid, ends, component=component)
        self._tokens[token.value] = token
        self._current[appid, mode] = token.value
        return token

    def _live(self, appid: str, mode: str) -> AppToken | None:
        token = self._tokens.get(self._current.get((appid, mode), ""))
        alive = token is not None and token.expires_at > self._clock.now()
        return token if alive else None

    def _may_force(self, appid: str) -> bool:
        now = self._clock.now()
        if now - self._forced_at.get(appid, -FORCED_APART) < FORCED_APART:
            return False
        today = (appid, day_of(now))
        if self._forced[today] >= FORCED_A_DAY:
            raise WeChatError(45009)
        self._forced[today] += 1
        self._forced_at[appid] = now
        return True
