"""A sign-in on its way through WeChat: its state, its browser, its one result.

The state that WeChat carries is 32 hex characters, all it promises to keep whole;
everything else waits in Redis. A cookie of its own binds each flow to the browser
that began it, so two tabs do not disturb each other; it is in flow_cookies.py.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.errors import FlowExpired, WeChatTimeout, WeChatUnavailable
from runtime.sign_in.authorization_request import AuthorizationRequest, from_fields
from runtime.state.redis_store import RedisStore
from runtime.state.stored_fields import known_fields
from runtime.web.cookies import set_cookie
from runtime.web.messages import Request

COOKIE_SECONDS = 3600

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
            max_age=COOKIE_SECONDS,
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


LIFE_SECONDS = 600

RESULT_SECONDS = 60
"""How long a repeated callback gets the same answer."""

EXCHANGE_SECONDS = 30
"""After which an exchange whose function died is given up."""

WAIT_SECONDS = 4.0

FAILED_SECONDS = 0.5

_FAILED = b"failed"

_OVER = b"over"


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in: where it goes, through which apps, whose browser's it is.

    It ends at `next`, a page of the same domain, or with the answer to a client's
    `request`. `scope` is what a sign-in inside WeChat asks for, where not the app's
    own; `language` the one of the page that began it; WeChat's way back loses it.
    """

    next: str
    appids: tuple[str, ...]
    browser: str = ""
    restarted: bool = False
    language: str | None = None
    scope: str | None = None
    request: AuthorizationRequest | None = None


@dataclass(frozen=True, slots=True)
class StartedFlow:
    """A new flow's state and the cookie that binds it to the browser."""

    state: str
    cookie: tuple[str, str]


class Flows:
    """Begins flows, finds them again and lets each end once."""

    def __init__(
        self,
        store: RedisStore,
        *,
        secure: bool,
        random: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._store = store
        self.cookies = FlowCookies(secure=secure)
        self._random = random

    def start(self, flow: Flow, request: Request | None = None) -> StartedFlow:
        """Store a flow for ten minutes; the request tells which ones there are."""
        state = self._random(16)
        if request is not None:
            choice = int(self._random(4), 16)
            state = self.cookies.bounded(state, request, choice=choice)
        client_id = flow.request.client_id if flow.request else ""
        kept = FlowCookie(self._random(16), flow.language or "", client_id)
        bound = replace(flow, browser=sha256_hex(kept.secret))
        self._store.put(
            _key(state), json.dumps(asdict(bound)).encode(), seconds=LIFE_SECONDS
        )
        return StartedFlow(state, self.cookies.header(state, kept))

    def find(self, state: str | None) -> Flow:
        """Return the flow of a state; FlowExpired if there is none."""
        if state is None or not re.fullmatch(r"[0-9a-f]{32}", state):
            raise FlowExpired
        content = self._store.get(_key(state))
        if content is None:
            raise FlowExpired
        fields = json.loads(content)
        request = from_fields(fields["request"])
        return Flow(**{**known_fields(Flow, fields), "request": request})

    def is_browser(self, flow: Flow, state: str, request: Request) -> bool | None:
        """Tell whether it is the flow's browser; None where it sent no flow cookie."""
        kept = self.cookies.of(request, state)
        if kept is None:
            return None
        return hmac.compare_digest(sha256_hex(kept.secret), flow.browser)

    def once(
        self, state: str, exchange: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """Return the flow's one result, however often and in parallel it is asked for.

        The first caller exchanges; the others wait for what it gets, and for a minute
        a repetition gets it too, after that FlowExpired. An exchange that fails frees
        the flow again.
        """
        key = _key(state)
        mark = self._random(8).encode()
        if not self._store.add(key + ":exchange", mark, seconds=EXCHANGE_SECONDS):
            return self._told(key)
        self._store.remove(key + ":done")
        try:
            result = exchange()
        except BaseException:
            # Who waits gives up with us; who comes later may try anew.
            self._store.announce(key + ":done", _FAILED, seconds=FAILED_SECONDS)
            if self._store.get(key + ":exchange") == mark:
                self._store.remove(key + ":exchange")
            raise
        text = json.dumps(result).encode()
        self._store.announce(key + ":done", text, seconds=RESULT_SECONDS)
        # Whoever comes after the result has gone must not exchange again.
        self._store.put(key + ":exchange", _OVER, seconds=LIFE_SECONDS)
        return result

    def _told(self, key: str) -> Mapping[str, Any]:
        over = self._store.get(key + ":exchange") == _OVER
        seconds = 0.01 if over else WAIT_SECONDS
        text = self._store.wait(key + ":done", seconds=seconds)
        if text is None:
            raise FlowExpired if over else WeChatTimeout
        if text == _FAILED:
            raise WeChatUnavailable
        result: Mapping[str, Any] = json.loads(text)
        return result


def _key(state: str) -> str:
    # Redis' keys are listed and logged more easily than values: no state in them.
    return f"gateway:flow:{{{sha256_hex(state)}}}"
