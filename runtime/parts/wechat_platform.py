"""The WeChat platform: its API, the credentials in custody, and components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.parts.foundation import Foundation, lazy

if TYPE_CHECKING:
    from runtime.custody.custody import Custody
    from runtime.custody.protocol import Pace
    from runtime.custody.upkeep import Upkeep
    from runtime.upstream.forward_proxy import ForwardProxy
    from runtime.wechat.api import WeChat
    from runtime.wechat.authorizations import Authorizations
    from runtime.wechat.authorizer_list import AuthorizerList
    from runtime.wechat.calls import Calls
    from runtime.wechat.component_tokens import ComponentTokens
    from runtime.wechat.entry_links import EntryLinks
    from runtime.wechat.js_codes import MiniPrograms
    from runtime.wechat.oauth import WeChatSignIn
    from runtime.wechat.release_check import ReleaseCheck
    from runtime.wechat.session_keys import SessionKeys
    from runtime.wechat.verify_tickets import VerifyTickets


class WeChatPlatform(Foundation):
    """Members that call WeChat."""

    @lazy
    def wechat(self) -> WeChat:
        """Return the client of WeChat's API, for sign-ins and credentials."""
        return self._make_wechat()

    @lazy
    def wechat_pages(self) -> WeChat:
        """Return the client of WeChat's pages, to which browsers are sent."""
        return self._make_wechat(self.settings.wechat_open_url)

    @lazy
    def _proxied_wechat(self) -> WeChat:
        return self._make_wechat(streams=True)

    def _make_wechat(self, url: str = "", *, streams: bool = False) -> WeChat:
        from runtime.upstream.transport import pooled_transport
        from runtime.wechat.api import WeChat

        return WeChat(
            url or self.settings.wechat_api_url,
            self.transport
            or pooled_transport(streams=streams, proxy=self.wechat_proxy),
            seconds=self.settings.wechat_deadline_seconds,
        )

    @lazy
    def wechat_proxy(self) -> ForwardProxy | None:
        """Return the proxy by which WeChat is called, None without one."""
        url = self.settings.wechat_proxy_url
        if not url:
            return None
        from runtime.upstream.forward_proxy import forward_proxy

        return forward_proxy(url)

    @lazy
    def _pace(self) -> Pace:
        from runtime.custody.protocol import Pace

        settings = self.settings
        return Pace(
            lease=settings.lease_seconds,
            renew_every=settings.lease_renew_seconds,
            wait=settings.credential_wait_seconds,
            due_before=settings.credential_due_seconds,
            ahead=settings.credential_due_seconds,
            spent_before=settings.credential_spent_seconds,
        )

    @lazy
    def custody(self) -> Custody:
        """Return the custody of credentials."""
        from runtime.custody.custody import Custody

        return Custody(self.redis_store, pace=self._pace, count=self._count_credential)

    @lazy
    def upkeep(self) -> Upkeep:
        """Return the upkeep, which refreshes credentials ahead of time."""
        from runtime.custody.upkeep import Upkeep

        return Upkeep(self.redis_store, pace=self._pace, count=self._count_credential)

    def _count_credential(self, name: str, what: str) -> None:
        from runtime.usage.metrics import FETCHES, LEASE_CONFLICTS

        kind, _, appid = name.partition(":")
        if what == "waited":
            self.metrics.count(LEASE_CONFLICTS, appid, kind)
        else:
            self.metrics.count(FETCHES, appid, kind, what)

    @lazy
    def component_tokens(self) -> ComponentTokens:
        """Return the tokens of components and of the accounts that authorise them."""
        from runtime.crypto.envelope import Envelope
        from runtime.wechat.component_tokens import ComponentTokens

        return ComponentTokens(
            self.wechat,
            self.custody,
            tickets=self.verify_tickets,
            authorizers=self.authorizers,
            store=self.redis_store,
            envelope=Envelope(self.settings.master_keys),
            find=self.registry.own_app,
        )

    @lazy
    def authorizations(self) -> Authorizations:
        """Return the authorisations that accounts give components."""
        from runtime.crypto.envelope import Envelope
        from runtime.wechat.authorizations import Authorizations

        tokens = self.component_tokens
        return Authorizations(
            self.redis_store,
            Envelope(self.settings.master_keys),
            self.authorizers,
            ask=tokens.ask,
            tokens=tokens,
        )

    @lazy
    def release_check(self) -> ReleaseCheck:
        """Return the sender of messages of the full-release check."""
        from runtime.wechat.release_check import ReleaseCheck

        return ReleaseCheck(
            self.wechat,
            self.custody,
            authorizations=self.authorizations,
            authorizers=self.authorizers,
            tokens=self.component_tokens,
            find=self.registry.own_app,
        )

    @lazy
    def authorizer_list(self) -> AuthorizerList:
        """Return the list of the accounts that have authorised a component."""
        from runtime.wechat.authorizer_list import AuthorizerList

        tokens = self.component_tokens
        return AuthorizerList(
            self.authorizers,
            self.authorizations,
            ask=tokens.ask,
            tokens=tokens,
            known=self.registry.authorizer,
            now=self.clock,
        )

    @lazy
    def calls(self) -> Calls:
        """Return the calls of WeChat's API with an app's token."""
        from runtime.wechat.calls import Calls

        return Calls(
            self.wechat,
            self.custody,
            proxied=self._proxied_wechat,
            # A call for an own app neither imports nor makes them.
            components=lambda: self.component_tokens,
        )

    @lazy
    def sign_in(self) -> WeChatSignIn:
        """Return the sign-in by WeChat in a browser."""
        from runtime.wechat.oauth import WeChatSignIn

        return WeChatSignIn(
            self.wechat,
            open_url=self.settings.wechat_open_url,
            base_url=self.settings.public_base_url,
            components=lambda: self.component_tokens,
        )

    @lazy
    def entry_links(self) -> EntryLinks:
        """Return the links by which accounts authorise components."""
        from runtime.wechat.entry_links import EntryLinks

        return EntryLinks(
            mp_url=self.settings.wechat_mp_url,
            open_url=self.settings.wechat_open_url,
            base_url=self.settings.public_base_url,
        )

    @lazy
    def session_keys(self) -> SessionKeys:
        """Return the store of mini programs' session_keys."""
        from runtime.crypto.envelope import Envelope
        from runtime.wechat.session_keys import SessionKeys

        return SessionKeys(self.redis_store, Envelope(self.settings.master_keys))

    @lazy
    def mini_programs(self) -> MiniPrograms:
        """Return the sign-in of mini programs."""
        from runtime.wechat.js_codes import MiniPrograms

        return MiniPrograms(
            self.wechat,
            self.session_keys,
            components=lambda: self.component_tokens,
        )

    @lazy
    def verify_tickets(self) -> VerifyTickets:
        """Return the verify tickets of components."""
        from runtime.crypto.envelope import Envelope
        from runtime.wechat.verify_tickets import VerifyTickets

        return VerifyTickets(
            self.redis_store,
            self.documents,
            Envelope(self.settings.master_keys),
            clock=self.clock,
        )
