"""A call of WeChat's API with an app's real token, put in on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.custody.custody import Custody
from runtime.custody.fetching import Source
from runtime.custody.protocol import Token, Toll
from runtime.registry.registry import App
from runtime.wechat.api import REJECTED_TOKEN, Answer, WeChat
from runtime.wechat.credentials import TICKET_TYPES, AccessToken, Ticket
from runtime.wechat.exchange import PROXIED_SECONDS, Exchange, Tried, put_token


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
        seconds: float = PROXIED_SECONDS,
        toll: Toll | None = None,
        on_try: Tried = lambda seconds: None,
    ) -> Answer:
        """Return the answer to a call of `target` (path and query without a token).

        RateLimited if the toll cannot be paid. A write is never repeated but for a
        rejected token; a read also where WeChat is busy or hangs up.
        """
        source = self.access_token_source(app)
        token = self._custody.at_hand(source, toll=toll).value
        exchange = Exchange(
            self._wechat,
            app,
            method,
            headers=headers,
            body=body,
            seconds=seconds,
            on_try=on_try,
            clock=self._clock,
            sleep=self._sleep,
        )
        answer = exchange.run(put_token(target, token))
        if answer.errcode not in REJECTED_TOKEN:
            return answer
        dropped = self._custody.reject(source, token)
        fresh = self._custody.get(source).value
        if fresh == token:
            return answer
        answer = exchange.run(put_token(target, fresh))
        if dropped and answer.errcode not in REJECTED_TOKEN:
            self._custody.refund(source)
        return answer

    def get_json(self, app: App, target: str) -> dict[str, Any]:
        """Return the JSON answer to a GET; WeChatRefused if it has an errcode."""
        return self.send(app, "GET", target, seconds=self._wechat.seconds).success()

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
