"""A sign-in on its way through WeChat: its state, its browser, its one result.

The state that WeChat carries is 32 hex characters, all it promises to keep whole;
everything else waits in Redis. A cookie of its own binds each flow to the browser
that began it, so two tabs do not disturb each other; it is in flow_cookies.py.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.errors import FlowExpired, WeChatTimeout, WeChatUnavailable
from runtime.sign_in.authorization_request import AuthorizationRequest, from_fields
from runtime.sign_in.flow_cookies import FlowCookie, FlowCookies
from runtime.state.redis_store import Store
from runtime.state.stored_fields import known_fields
from runtime.web.messages import Request

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
        store: Store,
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
        bound = replace(flow, browser=_digest(kept.secret))
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
        return hmac.compare_digest(_digest(kept.secret), flow.browser)

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
    return f"gateway:flow:{{{_digest(state)}}}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
