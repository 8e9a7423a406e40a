"""Calls of a platform's API with an app's real token, which is put in on the way."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from runtime.api_calls.attempts import Attempts
from runtime.api_calls.real_token import RealToken
from runtime.api_calls.token_search import without_tokens
from runtime.custody.custody import Custody
from runtime.custody.protocol import CredentialValue, RateCost, Source
from runtime.registry.models import App
from runtime.upstream.answer import Answer
from runtime.upstream.platform_api import PlatformApi
from runtime.web.stored_body import Body

PROXIED_SECONDS = 30.0
"""The timeout of a proxied call, all attempts together: it may be a large upload."""


class TokenCalls(ABC):
    """Calls a platform for an app; a rejected token is replaced, the call repeated."""

    rejected: ClassVar[tuple[int, ...]]
    """The errcodes for a token that is invalid, where another one may be valid."""

    ticket_types: ClassVar[tuple[str, ...]]
    """The tickets that an app may have."""

    def __init__(
        self,
        api: PlatformApi,
        custody: Custody,
        *,
        proxied: PlatformApi | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        # What a client has written goes over connections that no credential uses.
        self._proxied = proxied or api
        self._custody = custody
        self._clock = clock
        self._sleep = sleep

    @abstractmethod
    def is_read(self, method: str, path: str) -> bool:
        """Tell whether the call changes nothing, so that it may be repeated."""

    @abstractmethod
    def put_token(self, target: str, token: RealToken) -> str:
        """Return the target with the real token in it."""

    @abstractmethod
    def real_token_source(self, app: App, path: str = "") -> Source:
        """Return the source of the app's real access_token for this path."""

    @abstractmethod
    def ticket_source(self, app: App, type_: str) -> Source:
        """Return the source of one of the app's tickets."""

    @abstractmethod
    def sources(self, app: App) -> list[Source]:
        """Return the sources of the app's credentials, its access_token's first."""

    def look_at(self, app: App, answer: Answer) -> None:
        """Take note of what an answer tells about an app; the answer stays as it is."""
        return None

    def send(
        self,
        app: App,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        seconds: float = PROXIED_SECONDS,
        cost: RateCost | None = None,
        on_attempt: Callable[[float], None] = lambda seconds: None,
        own: bool = False,
        in_parts: bool = False,
    ) -> Answer:
        """Return the answer to a call of `target` (path and query without a token).

        RateLimited if the client's rate does not cover the cost; ApiRefused if the
        answer shows the real token; OutcomeUnknown if a write has no whole answer. A
        write is repeated only after a rejected token; a read also where the platform is
        busy or hangs up.
        An `own` call, which no client has written, goes over the connections of
        credentials. `on_attempt` is called with the seconds that each attempt took.
        With `in_parts` an answer may be of any size, and the reader of its rest gets
        ApiRefused where it shows the token.
        """
        path = target.partition("?")[0]
        source = self.real_token_source(app, path)
        token = _real_token(self._custody.get_recent(source, cost=cost))
        attempts = Attempts(
            self._api if own else self._proxied,
            method,
            is_read=self.is_read,
            hosts=app.api_hosts,
            headers=headers,
            body=body,
            seconds=seconds,
            on_attempt=on_attempt,
            in_parts=in_parts,
            clock=self._clock,
            sleep=self._sleep,
        )
        answer = attempts.run(self.put_token(target, token))
        if answer.errcode not in self.rejected:
            self.look_at(app, answer)
            return without_tokens(answer, token)
        dropped = self._custody.reject(source, token.value)
        fresh = _real_token(self._custody.get(source))
        if fresh.value == token.value:
            return without_tokens(answer, token)
        answer = attempts.run(self.put_token(target, fresh))
        if dropped and answer.errcode not in self.rejected:
            self._custody.refund(source)
        self.look_at(app, answer)
        return without_tokens(answer, token, fresh)

    def get_json(self, app: App, target: str) -> dict[str, Any]:
        """Return the JSON answer to a GET; WeChatRefused if it has an errcode."""
        answer = self.send(app, "GET", target, seconds=self._api.seconds, own=True)
        return answer.success(target.partition("?")[0], refused=self._api.refused)

    def real_token(
        self, app: App, *, cost: RateCost | None = None, path: str = ""
    ) -> RealToken:
        """Return the app's real access_token from custody; `path` as in its source."""
        source = self.real_token_source(app, path)
        return _real_token(self._custody.get(source, cost=cost))

    def ticket(
        self, app: App, type_: str, *, cost: RateCost | None = None
    ) -> CredentialValue:
        """Return one of the app's tickets from custody."""
        return self._custody.get(self.ticket_source(app, type_), cost=cost)


def _real_token(stored: CredentialValue) -> RealToken:
    return RealToken(stored.value, stored.seconds)
