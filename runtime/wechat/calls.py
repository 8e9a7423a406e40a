"""Calls of WeChat's API with an app's real token, which is put in on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus

from runtime.custody.custody import Custody
from runtime.custody.protocol import CredentialValue, RateCost, Source
from runtime.errors import (
    AnswerTooLarge,
    OutcomeUnknown,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.registry.authorizers import in_force
from runtime.registry.models import COMPONENT_KIND, App
from runtime.upstream.answer import Answer
from runtime.web.stored_body import Body
from runtime.wechat.api import REJECTED_TOKEN, WeChat
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.component_paths import is_of_component
from runtime.wechat.credentials import (
    TICKET_TYPES,
    RealToken,
    RealTokenSource,
    TicketSource,
)
from runtime.wechat.permission_sets import sets_for
from runtime.wechat.reads import is_read
from runtime.wechat.token_search import without_tokens

if TYPE_CHECKING:
    from runtime.wechat.component_tokens import ComponentTokens

PROXIED_SECONDS = 30.0
"""The timeout of a proxied call, all attempts together: it may be a large upload."""

TOKEN_NAMES = ("access_token", "component_access_token")
"""Names of the token in a query; a component's own paths take either."""

REPEAT_AFTER = 0.2
"""Seconds before a read is repeated once, where WeChat is busy or hung up."""


class Calls:
    """Calls WeChat for an app; a rejected token is replaced, and the call repeated."""

    def __init__(
        self,
        wechat: WeChat,
        custody: Custody,
        *,
        proxied: WeChat | None = None,
        components: Callable[[], ComponentTokens] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wechat = wechat
        # What a client has written goes over connections that no credential uses.
        self._proxied = proxied or wechat
        self._custody = custody
        self._components = components
        self._clock = clock
        self._sleep = sleep

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
        write is repeated only after a rejected token; a read also where WeChat is busy
        or hangs up.
        An `own` call, which no client has written, goes over the connections of
        credentials. `on_attempt` is called with the seconds that each attempt took.
        With `in_parts` an answer may be of any size, and the reader of its rest gets
        ApiRefused where it shows the token.
        """
        path = target.partition("?")[0]
        source = self.real_token_source(app, path)
        token = _real_token(self._custody.get_recent(source, cost=cost))
        attempts = _Attempts(
            self._wechat if own else self._proxied,
            app,
            method,
            headers=headers,
            body=body,
            seconds=seconds,
            on_attempt=on_attempt,
            in_parts=in_parts,
            clock=self._clock,
            sleep=self._sleep,
        )
        answer = attempts.run(put_token(target, token))
        if answer.errcode not in REJECTED_TOKEN:
            return without_tokens(answer, token)
        dropped = self._custody.reject(source, token.value)
        fresh = _real_token(self._custody.get(source))
        if fresh.value == token.value:
            return without_tokens(answer, token)
        answer = attempts.run(put_token(target, fresh))
        if dropped and answer.errcode not in REJECTED_TOKEN:
            self._custody.refund(source)
        return without_tokens(answer, token, fresh)

    def get_json(self, app: App, target: str) -> dict[str, Any]:
        """Return the JSON answer to a GET; WeChatRefused if it has an errcode."""
        seconds = self._wechat.seconds
        answer = self.send(app, "GET", target, seconds=seconds, own=True)
        return answer.success(target.partition("?")[0])

    def real_token(
        self, app: App, *, cost: RateCost | None = None, path: str = ""
    ) -> RealToken:
        """Return the app's real access_token from custody; `path` as in its source."""
        source = self.real_token_source(app, path)
        return _real_token(self._custody.get(source, cost=cost))

    def ticket(
        self, app: App, type_: str, *, cost: RateCost | None = None
    ) -> CredentialValue:
        """Return the app's jsapi or wx_card ticket from custody."""
        return self._custody.get(self.ticket_source(app, type_), cost=cost)

    def real_token_source(self, app: App, path: str = "") -> Source:
        """Return the source of the app's real access_token.

        Of an account without a secret here, the one of the component that acts for it;
        of two components, the newer authorisation that opens this path. WeChatRefused
        with 61003 if none stands.
        """
        if app.kind == COMPONENT_KIND:
            return self._component_tokens().component_source(app)
        if app.secret:
            return RealTokenSource(app, self._wechat)
        authorizer = in_force(app.authorizers, sets_for(path))
        if authorizer is None:
            raise not_authorized()
        return self._component_tokens().authorizer_source(authorizer)

    def ticket_source(self, app: App, type_: str) -> TicketSource:
        """Return the source of the app's jsapi or wx_card ticket; errors as above."""
        if not app.secret and not in_force(app.authorizers):
            raise not_authorized()
        return TicketSource(app, type_, self.get_json)

    def sources(self, app: App) -> list[Source]:
        """Return the sources of the app's credentials, its access_token's first.

        An account has one for each authorisation that stands.
        """
        if app.kind == COMPONENT_KIND:
            return [self.real_token_source(app)]
        tokens: list[Source] = (
            [self.real_token_source(app)]
            if app.secret
            else [
                self._component_tokens().authorizer_source(each)
                for each in app.authorizers
                if each.stands
            ]
        )
        if not tokens:
            return []
        return [*tokens, *(self.ticket_source(app, type_) for type_ in TICKET_TYPES)]

    def _component_tokens(self) -> ComponentTokens:
        if self._components is None:
            raise not_authorized()
        return self._components()


class _Attempts:
    """The attempts of one call, within one timeout."""

    def __init__(
        self,
        wechat: WeChat,
        app: App,
        method: str,
        *,
        headers: Mapping[str, str] | None,
        body: Body | None,
        seconds: float,
        on_attempt: Callable[[float], None],
        in_parts: bool,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._wechat = wechat
        self._hosts = app.api_hosts
        self._method = method
        self._headers = headers
        self._body = body
        self._until = clock() + seconds
        self._on_attempt = on_attempt
        self._in_parts = in_parts
        self._clock = clock
        self._sleep = sleep

    def run(self, target: str) -> Answer:
        """Return the answer; a read is repeated once."""
        if not is_read(self._method, target.partition("?")[0]):
            return self._write(target)
        try:
            answer = self._once(target)
            if answer.errcode != -1:
                return answer
        except WeChatTimeout:
            raise
        except WeChatUnavailable:
            pass
        self._sleep(REPEAT_AFTER)
        return self._once(target)

    def _write(self, target: str) -> Answer:
        try:
            return self._once(target)
        except AnswerTooLarge:
            raise AnswerTooLarge(status=504) from None
        except WeChatUnavailable as error:
            if error.nothing_sent:
                raise
            late = isinstance(error, WeChatTimeout)
            cause = "no answer in time" if late else "no whole answer"
            raise OutcomeUnknown(errmsg=f"outcome unknown: {cause}") from None

    def _once(self, target: str) -> Answer:
        began = self._clock()
        if began >= self._until:
            raise WeChatTimeout(nothing_sent=True)
        try:
            answer = self._wechat.send(
                self._method,
                target,
                headers=self._headers,
                body=self._body,
                seconds=self._until - began,
                hosts=self._hosts,
            )
            return answer if self._in_parts else answer.whole()
        finally:
            self._on_attempt(self._clock() - began)


def put_token(target: str, token: RealToken) -> str:
    """Return the target with the real token in the old one's place, or in front.

    >>> put_token("/cgi-bin/menu/get?a=%2f&access_token=old&b", RealToken("new", 7200))
    '/cgi-bin/menu/get?a=%2f&access_token=new&b'
    """
    path, _, query = target.partition("?")
    names = TOKEN_NAMES if is_of_component(path) else TOKEN_NAMES[:1]
    pairs = query.split("&") if query else []
    places = [place for place, each in enumerate(pairs) if _name(each) in names]
    name = _name(pairs[places[0]]) if places else TOKEN_NAMES[0]
    pair = f"{name}={quote(token.value, safe='')}"
    # WeChat reads the first of two; the second would be one that is not ours.
    kept = [each for place, each in enumerate(pairs) if place not in places[1:]]
    if places:
        kept[places[0]] = pair
    else:
        kept.insert(0, pair)
    return f"{path}?{'&'.join(kept)}"


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _real_token(stored: CredentialValue) -> RealToken:
    return RealToken(stored.value, stored.seconds)
