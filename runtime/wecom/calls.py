"""Calls of WeCom's API with an app's real token, which is put in on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from runtime.api_calls.attempts import Attempts
from runtime.api_calls.real_token import (
    TOKEN_NAME,
    RealToken,
    put_in_query,
    without_parameter,
)
from runtime.api_calls.token_calls import PROXIED_SECONDS, TokenCalls
from runtime.api_calls.token_search import without_tokens
from runtime.custody.custody import Custody
from runtime.custody.protocol import RateCost, Source
from runtime.errors import GatewayError, WeComRefused
from runtime.registry.models import App
from runtime.upstream.answer import Answer
from runtime.web.stored_body import Body
from runtime.wecom.api import BUSINESS_CALL, WeCom
from runtime.wecom.credentials import TICKET_TYPES, RealTokenSource, TicketSource
from runtime.wecom.errors import NOT_ALLOWED, REJECTED_TOKEN, seen_address
from runtime.wecom.reads import is_read
from runtime.wecom.refused_addresses import RefusedAddresses


class BusinessCall(NamedTuple):
    """The outcome of a call that proves what gettoken does not.

    `error` is None where WeCom takes the app's calls; `address` is where it sees them
    come from, "" if it did not tell.
    """

    error: GatewayError | None
    address: str


class WeComCalls(TokenCalls):
    """Calls WeCom for an app; a rejected token is replaced, and the call repeated."""

    rejected = REJECTED_TOKEN
    ticket_types = TICKET_TYPES

    def __init__(
        self,
        wecom: WeCom,
        custody: Custody,
        *,
        proxied: WeCom | None = None,
        refused: RefusedAddresses,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(wecom, custody, proxied=proxied, clock=clock, sleep=sleep)
        self._wecom = wecom
        self._refused = refused

    def is_read(self, method: str, path: str) -> bool:
        """Tell whether the call changes nothing at WeCom."""
        return is_read(method, path)

    def put_token(self, target: str, token: RealToken) -> str:
        """Return the target with the real token in it."""
        return put_in_query(target, token)

    def real_token_source(self, app: App, path: str = "") -> Source:
        """Return the source of the app's real access_token; the path is all one."""
        return RealTokenSource(app, self._wecom)

    def ticket_source(self, app: App, type_: str) -> TicketSource:
        """Return the source of the corp's ticket (jsapi) or the app's."""
        return TicketSource(app, type_, self.get_json)

    def sources(self, app: App) -> list[Source]:
        """Return the sources of the app's credentials, its access_token's first."""
        tickets = (self.ticket_source(app, type_) for type_ in TICKET_TYPES)
        return [self.real_token_source(app), *tickets]

    def look_at(self, app: App, answer: Answer) -> None:
        """Note the address that WeCom refuses, for an operator to enter."""
        if answer.errcode == NOT_ALLOWED:
            errmsg = str(answer.json().get("errmsg", ""))
            self._refused.note(app.appid, seen_address(errmsg))

    def send_to_robot(
        self,
        app: App,
        method: str,
        target: str,
        *,
        key: str,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        seconds: float = PROXIED_SECONDS,
        cost: RateCost | None = None,
        on_attempt: Callable[[float], None] = lambda seconds: None,
        in_parts: bool = False,
    ) -> Answer:
        """Return the answer to a call that takes the key of a group robot, no token.

        It stands in `target` where the client has named the robot. The rest is as in
        `send`; ApiRefused if the answer shows the key.
        """
        if cost:
            self._custody.get_recent(self.real_token_source(app), cost=cost)
        attempts = Attempts(
            self._proxied,
            method,
            is_read=lambda method, path: False,  # each one posts a message or a file
            headers=headers,
            body=body,
            seconds=seconds,
            on_attempt=on_attempt,
            in_parts=in_parts,
            clock=self._clock,
            sleep=self._sleep,
        )
        real = RealToken(key, 0.0)
        named = without_parameter(target, TOKEN_NAME)
        return without_tokens(
            attempts.run(put_in_query(named, real, names=("key",))), real
        )

    def try_business_call(self, app: App) -> BusinessCall:
        """Make one business call for an app, and learn the address that WeCom sees.

        An error of WeCom's names it. Where all is well, a call without a token does,
        which WeCom refuses whoever makes it.
        """
        try:
            self.get_json(app, BUSINESS_CALL)
        except WeComRefused as error:
            return BusinessCall(error, seen_address(error.errmsg))
        except GatewayError as error:
            return BusinessCall(error, "")
        self._refused.forget(app.appid)
        try:
            self._wecom.call("GET", BUSINESS_CALL)
        except GatewayError as error:
            return BusinessCall(None, seen_address(error.errmsg))
        return BusinessCall(None, "")
