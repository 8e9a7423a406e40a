"""A call of WeChat's API with an app's real token, put in on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.credentials import TICKET_TYPES, AccessToken, Ticket
from runtime.custody import Custody
from runtime.errors import WeChatRefused, WeChatUnavailable
from runtime.exchange import Exchange, put_token
from runtime.fetching import Source
from runtime.grants import Token, Toll
from runtime.registry import App
from runtime.wechat import REJECTED_TOKEN, Answer, WeChat


@dataclass(frozen=True, slots=True)
class Called:
    """WeChat's answer, in how many tries, and how many seconds WeChat took."""

    answer: Answer
    tries: int
    seconds: float


class Calls:
    """Calls WeChat for an app; a rejected token is replaced and tried once more."""

    def __init__(
        self,
        wechat: WeChat,
        custody: Custody,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wechat = wechat
        self._custody = custody
        self._clock = clock
        self._sleep = sleep

    def send(
        self,
        app: App,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        toll: Toll | None = None,
    ) -> Called:
        """Return what came of a call to `target` (path and query without a token).

        RateLimited if the toll cannot be paid. A write is never repeated but for a
        rejected token; a read also where WeChat is busy or hangs up.
        """
        source = self.access_token_source(app)
        exchange = Exchange(
            self._wechat,
            app,
            method,
            headers=headers,
            body=body,
            clock=self._clock,
            sleep=self._sleep,
        )
        for last in (False, True):
            token = self._custody.get(source, toll=toll).value
            toll = None
            answer = exchange.run(put_token(target, token))
            if answer.errcode not in REJECTED_TOKEN:
                self._custody.confirm(source, token)
                break
            if not last:
                self._custody.reject(source, token)
        return Called(answer, exchange.tries, exchange.seconds)

    def get_json(self, app: App, target: str) -> dict[str, Any]:
        """Return the JSON answer to a GET; WeChatRefused if it has an errcode."""
        answer = self.send(app, "GET", target).answer
        result = answer.json()
        if answer.status != 200:
            raise WeChatUnavailable
        if answer.errcode:
            raise WeChatRefused(answer.errcode, str(result.get("errmsg", "")))
        return result

    def access_token(self, app: App, *, toll: Toll | None = None) -> Token:
        """Return the app's access_token from custody."""
        return self._custody.get(self.access_token_source(app), toll=toll)

    def ticket(self, app: App, type_: str, *, toll: Toll | None = None) -> Token:
        """Return the app's jsapi or wx_card ticket from custody."""
        return self._custody.get(Ticket(app, type_, self.get_json), toll=toll)

    def access_token_source(self, app: App) -> AccessToken:
        """Return where the app's access_token comes from."""
        return AccessToken(app, self._wechat)

    def sources(self, app: App) -> list[Source]:
        """Return where the app's credentials come from, its access_token first."""
        tickets = [Ticket(app, type_, self.get_json) for type_ in TICKET_TYPES]
        return [self.access_token_source(app), *tickets]
