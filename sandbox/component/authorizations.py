"""Authorisations that accounts gave one component, and the codes that tell of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox.errors import WeChatError

# The platform's documents say 1800 s, every sample of its answers 600.
PRE_AUTH_LIFE = 600
# As the events tell it; a redirect says 600.
CODE_LIFE = 3600
REDIRECT_LIFE = 600

Sets = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Authorization:
    """Consent of one account; the refresh token shows after the first exchange."""

    authorizer: str
    func_info: Sets
    at: float
    refresh_token: str = field(repr=False)
    exchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    authorizer: str
    expires_at: float
    used: bool = False


class Authorizations:
    """Authorisations of one component by the authorizer's appid, the oldest first."""

    def __init__(self) -> None:
        self._standing: dict[str, Authorization] = {}
        self._rotating: set[str] = set()
        self._pre_auth_codes: dict[str, float] = {}
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, str] = {}

    def add_pre_auth_code(self, code: str, *, now: float) -> None:
        """Record a code for the authorisation page."""
        self._pre_auth_codes[code] = now + PRE_AUTH_LIFE

    def is_pre_auth_code(self, code: object, *, now: float) -> bool:
        """Tell whether it is a code of this component that has not expired."""
        return now < self._pre_auth_codes.get(str(code), 0)

    def get(self, authorizer: object) -> Authorization:
        """Return a standing authorisation; WeChatError 61003 if there is none."""
        found = self._standing.get(authorizer) if isinstance(authorizer, str) else None
        if found is None:
            raise WeChatError(61003)
        return found

    def all(self) -> list[Authorization]:
        """Return those that stand."""
        return list(self._standing.values())

    def grant(self, authorization: Authorization) -> None:
        """Record an authorisation, or other permission sets of one that stands."""
        former = self._standing.get(authorization.authorizer)
        if former is not None:
            authorization = replace(former, func_info=authorization.func_info)
        self._standing[authorization.authorizer] = authorization

    def revoke(self, authorizer: str) -> None:
        """End an authorisation and its codes; WeChatError 61003 if there is none."""
        del self._standing[self.get(authorizer).authorizer]
        self._codes = {
            code: known
            for code, known in self._codes.items()
            if known.authorizer != authorizer
        }

    def sets_of(self, authorizer: str) -> Sets | None:
        """Return the permission sets that an account allows, None without any."""
        found = self._standing.get(authorizer)
        return None if found is None else found.func_info

    def add_code(
        self, code: str, *, authorizer: str, now: float, life: int = CODE_LIFE
    ) -> float:
        """Record a code for an authorisation and return when it expires."""
        self._codes[code] = _Code(authorizer, now + life)
        return now + life

    def redeem(self, code: object, *, now: float) -> Authorization:
        """Use a code up; WeChatError 61009 wrong or used, 61010 too late.

        That a used code gets 61009 and not 61010 is not confirmed.
        """
        known = self._codes.get(code) if isinstance(code, str) else None
        if known is None or known.used:
            raise WeChatError(61009)
        if now >= known.expires_at:
            raise WeChatError(61010)
        self._codes[str(code)] = replace(known, used=True)
        exchanged = replace(self.get(known.authorizer), exchanged=True)
        self._standing[known.authorizer] = exchanged
        return exchanged

    def note_token(self, code: str, token: str) -> None:
        """Record the access token that a code was changed for."""
        self._tokens[code] = token

    def token_for(self, code: str) -> str | None:
        """Return the access token that a code was changed for, if it was."""
        return self._tokens.get(code)

    def rotate(self, authorizer: str) -> None:
        """Let the next access token come with another refresh token."""
        self._rotating.add(self.get(authorizer).authorizer)

    def rotated(self, found: Authorization, make: Callable[[], str]) -> Authorization:
        """Return the authorisation; with a new refresh token if it is to rotate."""
        if found.authorizer in self._rotating:
            self._rotating.discard(found.authorizer)
            found = replace(found, refresh_token=make())
            self._standing[found.authorizer] = found
        return found

    def check_refresh_token(self, authorizer: object, token: object) -> Authorization:
        """Return the authorisation it renews; WeChatError 61003 or 61023."""
        found = self.get(authorizer)
        if not found.exchanged or token != found.refresh_token:
            raise WeChatError(61023)
        return found
