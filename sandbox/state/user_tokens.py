"""Tokens of users, valid only for `/sns`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.users import Consent

LIFE = 7200
REFRESH_LIFE = 30 * 86400

# The sns text lacks the advice that the same errcode carries on /cgi-bin.
_SNS_40001 = "invalid credential, access_token is invalid or not latest"


@dataclass(frozen=True, slots=True)
class UserToken:
    """An access token with the refresh token that renews it."""

    value: str = field(repr=False)
    refresh_token: str = field(repr=False)
    consent: Consent
    expires_at: float
    refresh_ends_at: float


class UserTokens:
    """Tokens of users: issued, renewed and checked."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._tokens: dict[str, UserToken] = {}
        self._by_refresh_token: dict[str, str] = {}

    def issue(self, consent: Consent) -> UserToken:
        """Return new tokens for what the user agreed to."""
        now = self._clock.now()
        return self._keep(
            UserToken(
                self._ids.access_token(),
                self._ids.access_token(),
                consent,
                now + LIFE,
                now + REFRESH_LIFE,
            )
        )

    def refresh(self, appid: str, refresh_token: str) -> UserToken:
        """Return the token renewed, or a new one; WeChatError 40030 or 42002.

        The refresh token's own thirty days are not prolonged.
        """
        token = self._tokens.get(self._by_refresh_token.get(refresh_token, ""))
        now = self._clock.now()
        if token is None or token.consent.appid != appid:
            raise WeChatError(40030)
        if token.refresh_ends_at <= now:
            raise WeChatError(42002)
        alive = token.expires_at > now
        value = token.value if alive else self._ids.access_token()
        return self._keep(replace(token, value=value, expires_at=now + LIFE))

    def check(self, value: str, openid: str) -> Consent:
        """Return what the token stands for; WeChatError 40001, 42001 or 40003."""
        token = self._tokens.get(value)
        if token is None:
            raise WeChatError(40001, _SNS_40001)
        if token.expires_at <= self._clock.now():
            raise WeChatError(42001)
        if token.consent.openid != openid:
            raise WeChatError(40003)
        return token.consent

    def _keep(self, token: UserToken) -> UserToken:
        self._tokens[token.value] = token
        self._by_refresh_token[token.refresh_token] = token.value
        return token
