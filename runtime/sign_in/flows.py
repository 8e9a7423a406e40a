"""Flows: a sign-in in progress through WeChat, with its state, browser and one result.

WeChat carries only a state, of which 32 hexadecimal characters are sure to come back;
everything else of a flow is in Redis. Each flow has a cookie of its own, which binds it
to the browser that began it, so that two tabs do not disturb each other.

    gateway:flow:{hash}            the flow
    gateway:flow:{hash}:exchange   which caller exchanges WeChat's code, or `over`
    gateway:flow:{hash}:done       the result, for callers that wait or come again
    gateway:flow:{hash}:user       of a phone: its user's profile
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.errors import (
    CookieMissing,
    FlowExpired,
    ServiceUnavailable,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.sign_in.authorization_request import AuthorizationRequest, from_fields
from runtime.state.redis_store import Entry, Increment, RedisStore
from runtime.state.stored_fields import known_fields
from runtime.web.cookies import set_cookie
from runtime.web.messages import Request

FLOW_SECONDS = 600

RESULT_SECONDS = 60
"""How long a repeated callback gets the same answer."""

EXCHANGE_SECONDS = 30
"""How long the caller that exchanges the code may take; after that, another may."""

RESULT_WAIT_SECONDS = 4.0
"""How long the other callers wait for its result."""

FAILURE_SECONDS = 0.5
"""How long they are told that it failed."""

COOKIE_SECONDS = 3600
"""Longer than the flow, so that a user who comes too late is led back to the client."""

MOST_COOKIES = 32
"""Per browser; with 126 bytes each they take half of what FC accepts as headers."""

_FAILED = b"failed"

# Each script may run twice, as an answer of Redis can be lost. KEYS of all: the mark of
# the caller that exchanges, and the result.

# ARGV: the caller's mark, how long it is valid. Returns 0 to the one caller that may
# exchange; else 1 and the result, if there is one yet; 2 where the flow is over.
_CLAIM = """
local mark = redis.call('GET', KEYS[1])
if not mark or mark == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('DEL', KEYS[2])
  return {0}
end
return {mark == 'over' and 2 or 1, redis.call('LINDEX', KEYS[2], 0)}
"""

# ARGV: the result, its life, the flow's life. Once the result has expired, nobody may
# exchange the code again.
_FINISH = """
if redis.call('GET', KEYS[1]) == 'over' then return end
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], 'over', 'PX', ARGV[3])
"""

# ARGV: the caller's mark, the failure, its life. Callers that wait fail with this one;
# later ones may try again.
_GIVE_UP = """
local mark = redis.call('GET', KEYS[1])
if mark and mark ~= ARGV[1] then return end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
"""

_NAME_CHARACTERS = 8

_NAME = re.compile(r"(?:__Host-)?flow_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in: where it leads, through which apps, and whose browser's it is.

    It ends at `next`, a page of the same domain, or with the answer to a client's
    `request`. `scope` is what a sign-in inside WeChat asks for, None for the app's own;
    `language` is that of the page it began on, which the browser may not send again.
    With a `confirmation` it is a phone's: it signs in nobody, and learns only whose
    phone it is; `client_id` is then the client of the sign-in on the computer.
    With a `component` it is no sign-in: an account authorises that component.
    `way` is how the page offered it, by which its outcome is counted.
    """

    next: str
    appids: tuple[str, ...]
    browser: str = ""
    restarted: bool = False
    language: str | None = None
    scope: str | None = None
    request: AuthorizationRequest | None = None
    confirmation: str = ""
    client_id: str = ""
    component: str = ""
    way: str = ""


@dataclass(frozen=True, slots=True)
class FlowResult:
    """The result of a flow; `repeated` tells that another callback brought it about."""

    fields: Mapping[str, Any]
    repeated: bool


@dataclass(frozen=True, slots=True)
class StartedFlow:
    """A new flow's state, and the cookie that binds it to the browser.

    `browser` is the hash by which the cookie is recognized.
    """

    state: str
    cookie: tuple[str, str]
    browser: str


class Flows:
    """Flows by their state: begun, found again, and ended once each."""

    def __init__(
        self,
        store: RedisStore,
        *,
        secure: bool,
        random: Callable[[int], str] = secrets.token_hex,
        wait_seconds: float = RESULT_WAIT_SECONDS,
    ) -> None:
        self._store = store
        self.cookies = FlowCookies(secure=secure)
        self._random = random
        self._wait_seconds = wait_seconds

    def start(
        self,
        flow: Flow,
        request: Request | None = None,
        *,
        increments: Sequence[Increment] = (),
    ) -> StartedFlow:
        """Store a flow for ten minutes; `request` shows the browser's flow cookies.

        The increments are counted with it.
        """
        state = self._random(16)
        if request is not None:
            choice = int(self._random(4), 16)
            state = self.cookies.bounded(state, request, choice=choice)
        client_id = flow.request.client_id if flow.request else ""
        cookie = FlowCookie(self._random(16), flow.language or "", client_id)
        bound = replace(flow, browser=sha256_hex(cookie.secret))
        self._store.put_all([_entry(state, bound)], increments=increments)
        header = self.cookies.header(state, cookie)
        return StartedFlow(state, header, bound.browser)

    def start_unbound(self, flow: Flow, increments: Sequence[Increment] = ()) -> str:
        """Store a flow for ten minutes that no cookie binds; return its state.

        It is a sign-in in a frame, where browsers send no cookie of ours. What binds it
        are the client's own state and its PKCE challenge.
        """
        state = self._random(16)
        self._store.put_all([_entry(state, flow)], increments=increments)
        return state

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

    def prolong(self, state: str, flow: Flow) -> None:
        """Store a flow for ten more minutes, while its user waits for us."""
        self._store.put_all([_entry(state, flow)])

    def check_browser(self, flow: Flow, state: str, request: Request) -> None:
        """Raise CookieMissing without a flow cookie, FlowExpired in another browser."""
        cookie = self.cookies.of(request, state)
        if cookie is None:
            raise CookieMissing
        if not hmac.compare_digest(sha256_hex(cookie.secret), flow.browser):
            raise FlowExpired

    def keep_profile(self, state: str, profile: Mapping[str, Any]) -> None:
        """Store whose phone it is, for as long as the flow lives."""
        text = json.dumps(profile, ensure_ascii=False).encode()
        self._store.put(_key(state) + ":user", text, seconds=FLOW_SECONDS)

    def profile(self, state: str) -> Mapping[str, Any]:
        """Return whose phone it is; FlowExpired if that is not known, or no longer."""
        text = self._store.get(_key(state) + ":user")
        if text is None:
            raise FlowExpired
        profile: Mapping[str, Any] = json.loads(text)
        return profile

    def once(self, state: str, exchange: Callable[[], Mapping[str, Any]]) -> FlowResult:
        """Return the flow's one result, however many callers ask at the same time.

        The first caller exchanges the code and the others wait for its result. For a
        minute a repetition gets the result too, after that FlowExpired. If the exchange
        fails, the flow can be tried again.
        """
        key = _key(state)
        keys = [key + ":exchange", key + ":done"]
        mark = self._random(8)
        found = self._run(_CLAIM, keys, mark, _milliseconds(EXCHANGE_SECONDS))
        if found[0]:
            is_over, text = found[0] == 2, found[1]
            return FlowResult(
                self._shared_result(keys[1], text, is_over=is_over), repeated=True
            )
        try:
            result = exchange()
            lives = _milliseconds(RESULT_SECONDS), _milliseconds(FLOW_SECONDS)
            self._run(_FINISH, keys, json.dumps(result), *lives)
        except BaseException:
            # If Redis is away, the mark expires by itself.
            with suppress(ServiceUnavailable):
                life = _milliseconds(FAILURE_SECONDS)
                self._run(_GIVE_UP, keys, mark, _FAILED, life)
            raise
        return FlowResult(result, repeated=False)

    def _run(self, script: str, keys: list[str], *arguments: str | bytes | int) -> Any:
        return self._store.run(script, keys, [*arguments], repeatable=True)

    def _shared_result(
        self, key: str, text: bytes | None, *, is_over: bool
    ) -> Mapping[str, Any]:
        if text is None and not is_over:
            text = self._store.wait(key, seconds=self._wait_seconds)
        if text is None:
            raise FlowExpired if is_over else WeChatTimeout
        if text == _FAILED:
            raise WeChatUnavailable
        result: Mapping[str, Any] = json.loads(text)
        return result


@dataclass(frozen=True, slots=True)
class FlowCookie:
    """The value of a flow's cookie; `client_id` is empty if no client asked."""

    secret: str
    language: str = ""
    client_id: str = ""


class FlowCookies:
    """The flow cookies of a browser: written, read and limited in number."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure

    def header(self, state: str, cookie: FlowCookie) -> tuple[str, str]:
        """Return the Set-Cookie header for the flow of this state."""
        return set_cookie(
            self._name(state),
            f"{cookie.secret}.{cookie.language}.{cookie.client_id}",
            max_age=COOKIE_SECONDS,
            secure=self._secure,
        )

    def of(self, request: Request, state: str) -> FlowCookie | None:
        """Return the browser's cookie for the flow of this state, or None."""
        value = request.cookies.get(self._name(state))
        if value is None:
            return None
        secret, _, rest = value.partition(".")
        language, _, client_id = rest.partition(".")
        return FlowCookie(secret, language, client_id)

    def has(self, request: Request, browser: str) -> bool:
        """Tell whether the request comes from the browser of this hash."""
        secrets_ = (
            value.partition(".")[0]
            for name, value in request.cookies.items()
            if _NAME.fullmatch(name)
        )
        return any(hmac.compare_digest(sha256_hex(each), browser) for each in secrets_)

    def bounded(self, state: str, request: Request, *, choice: int) -> str:
        """Return a state with which the browser has at most MOST_COOKIES cookies.

        In a browser that has as many, the new cookie replaces one of them, selected by
        the number `choice`: otherwise they would fill the headers and lock the user
        out. 24 characters of the state, 96 bits, stay random.
        """
        names = map(_NAME.fullmatch, request.cookies)
        found = [match[1] for match in names if match]
        if len(found) < MOST_COOKIES:
            return state
        return found[choice % len(found)] + state[_NAME_CHARACTERS:]

    def _name(self, state: str) -> str:
        return f"{'__Host-' if self._secure else ''}flow_{state[:_NAME_CHARACTERS]}"


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _entry(state: str, flow: Flow) -> Entry:
    return Entry(_key(state), json.dumps(asdict(flow)).encode(), FLOW_SECONDS)


def _key(state: str) -> str:
    return f"gateway:flow:{{{sha256_hex(state)}}}"
