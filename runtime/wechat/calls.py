"""Calls of WeChat's API with an app's real token, which is put in on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from runtime.api_calls.real_token import TOKEN_NAME, RealToken, put_in_query
from runtime.api_calls.token_calls import TokenCalls
from runtime.custody.custody import Custody
from runtime.custody.protocol import Source
from runtime.registry.authorizers import in_force
from runtime.registry.models import COMPONENT_KIND, App
from runtime.wechat.api import REJECTED_TOKEN, WeChat
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.component_paths import is_of_component
from runtime.wechat.credentials import TICKET_TYPES, RealTokenSource, TicketSource
from runtime.wechat.permission_sets import sets_for
from runtime.wechat.reads import is_read

if TYPE_CHECKING:
    from runtime.wechat.component_tokens import ComponentTokens

TOKEN_NAMES = (TOKEN_NAME, "component_access_token")
"""Names of the token in a query; a component's own paths take either."""


class Calls(TokenCalls):
    """Calls WeChat for an app; a rejected token is replaced, and the call repeated."""

    rejected = REJECTED_TOKEN
    ticket_types = TICKET_TYPES

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
        super().__init__(wechat, custody, proxied=proxied, clock=clock, sleep=sleep)
        self._wechat = wechat
        self._components = components

    def is_read(self, method: str, path: str) -> bool:
        """Tell whether the call changes nothing at WeChat."""
        return is_read(method, path)

    def put_token(self, target: str, token: RealToken) -> str:
        """Return the target with the real token in it."""
        return put_token(target, token)

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


def put_token(target: str, token: RealToken) -> str:
    """Return the target with the real token in the old one's place, or in front.

    >>> put_token("/cgi-bin/menu/get?a=%2f&access_token=old&b", RealToken("new", 7200))
    '/cgi-bin/menu/get?a=%2f&access_token=new&b'
    """
    path = target.partition("?")[0]
    names = TOKEN_NAMES if is_of_component(path) else TOKEN_NAMES[:1]
    return put_in_query(target, token, names=names)
