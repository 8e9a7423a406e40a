"""Tokens of the open platform, as custody fetches them, each with the one before.

    ticket -> component_access_token -> authorizer_access_token

One component_access_token serves all accounts of its component. With an account's
access_token WeChat gives a refresh token, which may be a new one:

10:00:00  A holds the lease of the account's token and asks with the refresh token R1.
10:00:01  The answer has T2 and R2. A writes R2, sealed, into Redis.
10:00:01  A writes R2 into the account's document, unless that has another one than R1.
10:00:01  A commits T2: whoever uses T2 can rely on R2 being durable.
10:00:02  Had A died in between, the next holder would find R2 in Redis and write it.

gateway:refresh_token:{ACCOUNT}   hash: by a hash of R1, R2 sealed;
                                  ACCOUNT is COMPONENT-APPID

Each stands under the one that it was given for: a holder that was frozen with another
answer overwrites none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.custody.custody import Custody
from runtime.custody.protocol import CredentialValue, value_of
from runtime.errors import ServiceUnavailable, WeChatRefused, WeChatUnavailable
from runtime.registry.authorizers import Authorizer, Authorizers
from runtime.registry.models import App
from runtime.state.redis_store import RedisStore
from runtime.wechat.api import WeChat
from runtime.wechat.component_errors import (
    INVALID_REFRESH_TOKEN,
    REJECTED_COMPONENT_TOKEN,
    invalid_refresh_token,
    not_authorized,
    ticket_missing,
)
from runtime.wechat.credentials import authorizer_token_name
from runtime.wechat.verify_tickets import VerifyTickets

PENDING_SECONDS = 7 * 86400
"""How long a refresh token waits in Redis for its document."""

_API = "/cgi-bin/component/api_"

log = logging.getLogger("gateway.component")


@dataclass(frozen=True, slots=True)
class ComponentTokenSource:
    """A component's access_token, by its secret and its newest ticket."""

    component: App
    wechat: WeChat
    ticket: str | None = field(repr=False)

    retires = True
    repeats = False

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return f"component_access_token:{self.component.appid}"

    @property
    def revision(self) -> str:
        """Return the version of the document, and a mark of the ticket.

        So a new ticket ends the pause after WeChat has refused an old one.
        """
        mark = sha256_hex(self.ticket)[:8] if self.ticket else ""
        return f"{self.component.revision}.{mark}"

    def fetch(self, *, force: bool) -> CredentialValue:
        """Fetch from WeChat, which always gives a new one."""
        if not self.ticket:
            raise ticket_missing()
        content = {
            "component_appid": self.component.appid,
            "component_appsecret": self.component.secret,
            "component_verify_ticket": self.ticket,
        }
        answer = self.wechat.call(
            "POST",
            f"{_API}component_token",
            content=content,
            hosts=self.component.api_hosts,
        )
        return value_of(answer, "component_access_token")


@dataclass(frozen=True, slots=True)
class AuthorizerTokenSource:
    """The access_token of an account that has authorised a component."""

    authorizer: Authorizer
    renew: Callable[[Authorizer], CredentialValue]

    retires = True
    repeats = False

    @property
    def name(self) -> str:
        """Return the credential's name."""
        return authorizer_token_name(self.authorizer.document_id)

    @property
    def revision(self) -> str:
        """Return the version of the authorisation's document."""
        return str(self.authorizer.revision)

    def fetch(self, *, force: bool) -> CredentialValue:
        """Fetch from WeChat, which always gives a new one."""
        return self.renew(self.authorizer)


class ComponentTokens:
    """The tokens of components and of the accounts that have authorised them.

    `find` returns a component by its appid.
    """

    def __init__(
        self,
        wechat: WeChat,
        custody: Custody,
        *,
        tickets: VerifyTickets,
        authorizers: Authorizers,
        store: RedisStore,
        envelope: Envelope,
        find: Callable[[str], App | None],
    ) -> None:
        self._wechat = wechat
        self._custody = custody
        self._tickets = tickets
        self._authorizers = authorizers
        self._pending = PendingRefreshTokens(store, envelope)
        self._find = find

    def component_source(self, component: App) -> ComponentTokenSource:
        """Return the source of a component's token."""
        ticket = None
        with suppress(ServiceUnavailable):
            ticket = self._tickets.newest(component.appid)
        value = ticket.value if ticket else None
        return ComponentTokenSource(component, self._wechat, value)

    def authorizer_source(self, authorizer: Authorizer) -> AuthorizerTokenSource:
        """Return the source of an account's token."""
        return AuthorizerTokenSource(authorizer, self._renew)

    def component_token(self, component: App) -> CredentialValue:
        """Return the component's access_token from custody."""
        return self._custody.get(self.component_source(component))

    def put(
        self, authorizer: Authorizer, token: str, seconds: float, *, since: int | None
    ) -> None:
        """Replace an account's token by one that came with an exchange.

        With `since`, in ms of Redis' clock, it came at that time, and replaces none
        that was fetched later. A fetch that is under way is refused at its end.
        """
        if seconds > 0:
            value = CredentialValue(token, seconds)
            self._custody.put(self.authorizer_source(authorizer), value, since=since)

    def drop(self, authorizer: Authorizer, *, since: int | None = None) -> None:
        """Drop an account's token, unless it was fetched since."""
        self._custody.drop(self.authorizer_source(authorizer), since=since)

    def ask(
        self, component: App, name: str, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the JSON answer of `/cgi-bin/component/NAME`.

        A rejected token is replaced, and the call repeated once: WeChat has done
        nothing by then.
        """
        path = f"/cgi-bin/component/{name}"
        return self.with_token(
            component,
            lambda token: self._wechat.call(
                "POST",
                f"{path}?component_access_token={quote(token, safe='')}",
                content=content,
                hosts=component.api_hosts,
            ),
        )

    def with_token(
        self, component: App, call: Callable[[str], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return what `call` makes of the component's token, repeated as in `ask`."""
        source = self.component_source(component)
        token = self._custody.get_recent(source)
        try:
            return call(token.value)
        except WeChatRefused as refused:
            if refused.errcode not in REJECTED_COMPONENT_TOKEN:
                raise
            dropped = self._custody.reject(source, token.value)
            fresh = self._custody.get(source)
            if fresh.value == token.value:
                raise
        answer = call(fresh.value)
        if dropped:
            self._custody.refund(source)
        return answer

    def on_behalf(
        self, authorizer: Authorizer, path: str, query: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the JSON answer to a GET that signs in a user of an account.

        WeChat checks the component's token first, so a code is not used up by one that
        it rejects.
        """
        component = self._find(authorizer.component)
        if component is None or not authorizer.stands:
            raise not_authorized()
        hosts = component.api_hosts

        def call(token: str) -> dict[str, Any]:
            named = {
                "component_appid": authorizer.component,
                "component_access_token": token,
            }
            target = f"{path}?{urlencode({**query, **named})}"
            return self._wechat.call("GET", target, hosts=hosts)

        return self.with_token(component, call)

    def _renew(self, authorizer: Authorizer) -> CredentialValue:
        """Return an account's new token, and what must be durable before it counts."""
        component = self._find(authorizer.component)
        if component is None or not authorizer.stands:
            raise not_authorized()
        known = self._saved(authorizer)
        try:
            answer = self._asked(component, known)
        except WeChatRefused as refused:
            if refused.errcode != INVALID_REFRESH_TOKEN:
                raise
            known = self._restored(component, known)
            answer = self._asked(component, known)
        fetched = value_of(answer, "authorizer_access_token")
        new = answer.get("authorizer_refresh_token")
        if not isinstance(new, str) or not new or new == known.refresh_token:
            return fetched
        self._pending.put(known, new)
        return replace(fetched, before_commit=lambda: self._save(known, new))

    def _asked(self, component: App, known: Authorizer) -> dict[str, Any]:
        wanted = {
            "component_appid": component.appid,
            "authorizer_appid": known.appid,
            "authorizer_refresh_token": known.refresh_token,
        }
        return self.ask(component, "api_authorizer_token", wanted)

    def _saved(self, authorizer: Authorizer) -> Authorizer:
        """Return the authorisation with a refresh token that was left in Redis.

        It is made durable before anything else: the holder that got it has died.
        """
        new = self._pending.find(authorizer)
        return self._save(authorizer, new) if new else authorizer

    def _save(self, known: Authorizer, new: str) -> Authorizer:
        """Write a refresh token that came for the known one, unless that was replaced.

        The newest authorisation is returned; WeChatRefused with 61003 if it has ended.
        """

        def change(found: Authorizer | None) -> Authorizer | None:
            if not found or found.refresh_token != known.refresh_token:
                return None
            return replace(found, refresh_token=new) if found.stands else None

        written = self._authorizers.change(known.component, known.appid, change)
        if written is None:
            # A store that has lost the document may find it again.
            raise not_authorized()
        self._pending.forget(known)
        if not written.stands:
            raise not_authorized()
        return written

    def _restored(self, component: App, known: Authorizer) -> Authorizer:
        """Return the authorisation with the refresh token that works at WeChat.

        First the document as it is now, since another process may have changed it; then
        what waits in Redis; then what WeChat tells. What is not in the document yet is
        written. WeChatRefused if none is another one.
        """
        newest = self._authorizers.newest(known.component, known.appid)
        if newest is None or not newest.stands:
            raise not_authorized()
        if newest.refresh_token != known.refresh_token:
            return newest
        if found := self._pending.find(newest):
            return self._save(newest, found)
        wanted = {"component_appid": component.appid, "authorizer_appid": known.appid}
        answer = self.ask(component, "api_get_authorizer_info", wanted)
        info = answer.get("authorization_info")
        if not isinstance(info, Mapping):
            raise WeChatUnavailable
        current = info.get("authorizer_refresh_token")
        if not isinstance(current, str) or current in ("", known.refresh_token):
            raise invalid_refresh_token()
        log.warning("%s: refresh token read anew from WeChat", known.document_id)
        return self._save(newest, current)


class PendingRefreshTokens:
    """New refresh tokens between WeChat's answer and the account's document."""

    def __init__(self, store: RedisStore, envelope: Envelope) -> None:
        self._store = store
        self._envelope = envelope

    def put(self, known: Authorizer, token: str) -> None:
        """Store the token that WeChat gave for the known one.

        Without Redis the document alone has it, a moment later.
        """
        key = _key(known)
        sealed = self._envelope.seal(token, place=key)
        arguments = [_base(known), sealed, PENDING_SECONDS * 1000]
        with suppress(ServiceUnavailable):
            self._store.run(_PUT, [key], arguments, repeatable=True)

    def find(self, known: Authorizer) -> str | None:
        """Return the token that was given for the known one, None if there is none."""
        try:
            sealed = self._store.run(
                _GET, [_key(known)], [_base(known)], repeatable=True
            )
        except ServiceUnavailable:
            return None
        if sealed is None:
            return None
        try:
            return self._envelope.open(sealed.decode(), place=_key(known))
        except CannotOpen:
            return None

    def forget(self, known: Authorizer) -> None:
        """Forget the token: the document has it, or a newer one."""
        with suppress(ServiceUnavailable):
            self._store.run(_FORGET, [_key(known)], [_base(known)], repeatable=True)


# ARGV: base, token, life in ms.
_PUT = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""

# ARGV: base.
_GET = "return redis.call('HGET', KEYS[1], ARGV[1])"

_FORGET = "return redis.call('HDEL', KEYS[1], ARGV[1])"


def _key(known: Authorizer) -> str:
    return f"gateway:refresh_token:{{{known.document_id}}}"


def _base(known: Authorizer) -> str:
    return sha256_hex(known.refresh_token)
