"""The cookies that bind sign-ins to their browser, one for each.

    flow_{the state's first 8 characters} = {secret}.{language}.{client id}

The secret proves whose browser it is, and Redis has its hash. Language and client are
a memory: a flow is forgotten after ten minutes, and whoever comes back later is still
led to the right place. They decide what a page says, never what is allowed, so
nobody signs them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runtime.web.cookies import set_cookie
from runtime.web.messages import Request

LIFE_SECONDS = 3600
MOST = 32
"""Of one browser; with 126 bytes each they are half of what FC takes as headers."""

_NAME_CHARACTERS = 8
_NAME = re.compile(r"(?:__Host-)?flow_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class FlowCookie:
    """What a browser keeps of a flow; `client_id` is empty where no client asked."""

    secret: str
    language: str = ""
    client_id: str = ""


class FlowCookies:
    """Writes and reads them, and keeps them from becoming too many."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure

    def header(self, state: str, kept: FlowCookie) -> tuple[str, str]:
        """Return the Set-Cookie header for the flow of this state."""
        return set_cookie(
            self._name(state),
            f"{kept.secret}.{kept.language}.{kept.client_id}",
            max_age=LIFE_SECONDS,
            secure=self._secure,
        )

    def of(self, request: Request, state: str) -> FlowCookie | None:
        """Return what the browser has kept for this state, or None."""
        value = request.cookies.get(self._name(state))
        if value is None:
            return None
        secret, _, rest = value.partition(".")
        language, _, client_id = rest.partition(".")
        return FlowCookie(secret, language, client_id)

    def bounded(self, state: str, request: Request, *, choice: int) -> str:
        """Return a state whose cookie leaves the browser with MOST of them.

        A browser that brings so many gets one of theirs replaced, by the number
        `choice`: without an end they would fill the headers, and lock the browser out.
        24 characters of the state, 96 bits, stay as they were drawn.
        """
        names = map(_NAME.fullmatch, request.cookies)
        found = [match[1] for match in names if match]
        if len(found) < MOST:
            return state
        return found[choice % len(found)] + state[_NAME_CHARACTERS:]

    def _name(self, state: str) -> str:
        return f"{'__Host-' if self._secure else ''}flow_{state[:_NAME_CHARACTERS]}"
