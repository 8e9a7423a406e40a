"""The composition root: everything a function works with, made when first used."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from runtime.settings import Settings, settings_from

if TYPE_CHECKING:
    from runtime.alerts.sending import AlertSender
    from runtime.crypto.signing import Signer
    from runtime.custody.custody import Custody
    from runtime.custody.protocol import Pace
    from runtime.custody.upkeep import Upkeep
    from runtime.documents.documents import Documents
    from runtime.health import Health
    from runtime.push.asking import Asking
    from runtime.push.budgets import Budgets
    from runtime.push.dead_letters import DeadLetters
    from runtime.push.deliveries import Deliveries
    from runtime.push.holds import Holds
    from runtime.push.inbox import Inbox
    from runtime.push.journal import Journal
    from runtime.push.last_seen import LastSeen
    from runtime.push.late_reply import LateReplies
    from runtime.push.listening import Listening
    from runtime.push.pauses import Pauses
    from runtime.push.relay import Relay
    from runtime.push.rounds import Rounds
    from runtime.registry.authorizers import Authorizers
    from runtime.registry.models import App
    from runtime.registry.page_origins import PageOrigins
    from runtime.registry.registry import Registry
    from runtime.sign_in.answered import AnsweredRequests
    from runtime.sign_in.confirmations import Confirmations
    from runtime.sign_in.flows import Flows
    from runtime.sign_in.openids import Openids
    from runtime.sign_in.pushed_requests import PushedRequests
    from runtime.sign_in.references import References
    from runtime.sign_in.session_clients import SessionClients
    from runtime.sign_in.sessions import Sessions
    from runtime.sign_in.sign_outs import SignOuts
    from runtime.sign_in.web_view_codes import WebViewCodes
    from runtime.state.redis_store import RedisStore
    from runtime.tokens.component_codes import ComponentCodes
    from runtime.tokens.component_names import ComponentNames
    from runtime.tokens.component_values import ComponentValues
    from runtime.tokens.gateway_tokens import GatewayTokens
    from runtime.tokens.grant_store import GrantStore
    from runtime.tokens.id_tokens import IdTokens
    from runtime.tokens.logout_notices import LogoutNotices
    from runtime.tokens.media_links import MediaLinks
    from runtime.tokens.oidc_keys import OidcKeys
    from runtime.upstream.answer import Answer, Transport
    from runtime.upstream.function_compute import FunctionCompute
    from runtime.upstream.outbound import Outbound
    from runtime.usage.counters import Counters
    from runtime.usage.in_flight import CallsInFlight
    from runtime.usage.limits import Limits
    from runtime.usage.metrics import Metrics
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

T = TypeVar("T")


class lazy(Generic[T]):
    """A member of the gateway, imported and made by its first user, once.

    A cold start pays for what its request needs: the WeChat client alone costs 15 ms.
    Unlike functools.cached_property it makes one also where threads ask at once.
    """

    def __init__(self, make: Callable[[Gateway], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, gateway: Gateway, owner: type[Gateway]) -> T:
        """Return the member; it hides this descriptor from then on."""
        name = self._make.__name__
        with gateway.making:
            if name not in gateway.__dict__:
                gateway.__dict__[name] = self._make(gateway)
        made: T = gateway.__dict__[name]
        return made


class Gateway:
    """The objects that the functions use, made from the settings.

    To make a gateway neither connects to anything nor imports what it may need.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        transport: Transport | None = None,
        client: Callable[[], Any] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.making = threading.RLock()
        self.transport = transport
        self._client = client

    @lazy
    def redis_store(self) -> RedisStore:
        """Return the store in Redis."""
        return self._store_at(self.settings.redis_url, "redis", client=self._client)

    @lazy
    def push_store(self) -> RedisStore:
        """Return the store of pushes, in a Redis of its own if there is one."""
        url = self.settings.push_redis_url
        return self._store_at(url, "push_redis") if url else self.redis_store

    def _store_at(
        self, url: str, name: str, *, client: Callable[[], Any] | None = None
    ) -> RedisStore:
        from runtime.state.deployment import Deployment
        from runtime.state.redis_clients import connect
        from runtime.state.redis_store import RedisStore

        settings = self.settings
        return RedisStore(
            client or (lambda: connect(url)),
            blocking=settings.redis_wait == "block",
            deployment=Deployment(
                public_base_url=settings.public_base_url,
                config_url=settings.config_url,
                setting=f"{name.upper()}_URL",
            ),
            name=name,
        )

    @lazy
    def documents(self) -> Documents:
        """Return the config service."""
        return documents_at(self.settings, self.redis_store)

    @lazy
    def health(self) -> Health:
        """Return the check of what is reachable."""
        from runtime.health import Health

        return Health(
            self.redis_store,
            self.documents,
            unreadable=lambda: len(self.registry.unreadable(within=30.0)),
            tickets=self._ticket_state,
            push_store=self.push_store if self.settings.push_redis_url else None,
        )

    def _ticket_state(self) -> dict[str, Any]:
        components = self.registry.components(within=30.0)
        if not components:  # most have none, and pay for no import
            return {}
        from runtime.wechat.verify_tickets import state_of

        return state_of(self.verify_tickets, components)

    @lazy
    def registry(self) -> Registry:
        """Return the registry of apps and clients."""
        from runtime.registry.registry import Registry

        return Registry(self.documents)

    @lazy
    def authorizers(self) -> Authorizers:
        """Return the writer of authorisations of accounts."""
        from runtime.registry.authorizers import Authorizers

        return Authorizers(self.documents)

    @lazy
    def page_origins(self) -> PageOrigins:
        """Return the origins whose pages may read our answers by script."""
        from runtime.registry.page_origins import PageOrigins

        return PageOrigins(self.registry)

    @lazy
    def outbound(self) -> Outbound:
        """Return the HTTP client for addresses that documents name."""
        from runtime.upstream.address_rules import parse_networks
        from runtime.upstream.outbound import Outbound

        settings = self.settings
        return Outbound(
            private=parse_networks(",".join(settings.push_private_networks)),
            never=_own_services(settings),
        )

    @lazy
    def rounds(self) -> Rounds:
        """Return the sign of a round of deliver."""
        from runtime.push.rounds import Rounds

        return Rounds(self.push_store)

    @lazy
    def function_compute(self) -> FunctionCompute:
        """Return Function Compute's own API, by which a function starts another."""
        from runtime.upstream.function_compute import FunctionCompute

        def transport() -> Transport:
            from runtime.upstream.transport import pooled_transport

            return pooled_transport()

        url = self.settings.function_compute_url
        return FunctionCompute(url=url, transport=transport, clock=self.clock)

    @lazy
    def wechat(self) -> WeChat:
        """Return the client of WeChat's API, for sign-ins and credentials."""
        return self._make_wechat()

    @lazy
    def _proxied_wechat(self) -> WeChat:
        return self._make_wechat(streams=True)

    def _make_wechat(self, *, streams: bool = False) -> WeChat:
        from runtime.upstream.transport import pooled_transport
        from runtime.wechat.api import WeChat

        return WeChat(
            self.settings.wechat_api_url,
            self.transport or pooled_transport(streams=streams),
            seconds=self.settings.wechat_deadline_seconds,
        )

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
    def counters(self) -> Counters:
        """Return the counters of calls."""
        from runtime.usage.counters import Counters

        return Counters(self.redis_store, clock=self.clock)

    @lazy
    def metrics(self) -> Metrics:
        """Return the metrics."""
        from runtime.usage.metrics import Metrics

        return Metrics(self.counters)

    @lazy
    def calls_in_flight(self) -> CallsInFlight:
        """Return the count of calls that wait for WeChat, one for the process."""
        from runtime.usage.in_flight import of_this_process

        return of_this_process

    @lazy
    def sign_ins_in_flight(self) -> CallsInFlight:
        """Return the count of sign-ins that wait for WeChat, one for the process."""
        from runtime.usage.in_flight import sign_ins_of_this_process

        return sign_ins_of_this_process

    @lazy
    def limits(self) -> Limits:
        """Return the rate limits of sign-ins, codes and wrong secrets."""
        from runtime.usage.limits import Limits

        return Limits(
            self.redis_store,
            per_address=self.settings.sign_ins_per_address,
            per_minute=self.settings.sign_ins_per_minute,
            trusted_hops=self.settings.trusted_proxy_hops,
            clock=self.clock,
            count=self._count_limited,
        )

    def _count_limited(self, name: str) -> None:
        from runtime.usage.metrics import LIMITED

        self.metrics.count(LIMITED, name)

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
    def component_codes(self) -> ComponentCodes:
        """Return the codes by which clients learn of authorisations."""
        from runtime.tokens.component_codes import ComponentCodes

        return ComponentCodes(self.redis_store, self._signer("component_code"))

    @lazy
    def component_names(self) -> ComponentNames:
        """Return the values of an open platform that clients see."""
        from runtime.tokens.component_names import ComponentNames

        return ComponentNames(
            self._signer("component_name"), self._signer("pre_auth_code")
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

    @lazy
    def inbox(self) -> Inbox:
        """Return the inbox of pushes."""
        from runtime.crypto.envelope import Envelope
        from runtime.push.inbox import Inbox

        return Inbox(
            self.push_store,
            Envelope(self.settings.master_keys),
            budgets=self._push_budgets,
            age=self.settings.push_age_seconds,
        )

    @lazy
    def deliveries(self) -> Deliveries:
        """Return the jobs of what is to be delivered."""
        from runtime.crypto.envelope import Envelope
        from runtime.push.deliveries import Deliveries

        return Deliveries(
            self.push_store,
            Envelope(self.settings.master_keys),
            budgets=self._push_budgets,
        )

    @lazy
    def dead_letters(self) -> DeadLetters:
        """Return the jobs that nobody will do by itself."""
        from runtime.push.dead_letters import DeadLetters

        return DeadLetters(self.push_store, budgets=self._push_budgets)

    @lazy
    def push_pauses(self) -> Pauses:
        """Return the pauses of apps and targets."""
        from runtime.push.pauses import Pauses

        return Pauses(self.push_store)

    @lazy
    def push_journal(self) -> Journal:
        """Return what is stored of pushes."""
        from runtime.push.journal import Journal

        return Journal(self.push_store)

    @lazy
    def relay(self) -> Relay:
        """Return the sender of pushes to services."""
        from runtime.push.relay import Relay

        return Relay(
            self.outbound,
            clock=self.clock,
            public_base_url=self.settings.public_base_url,
            values_for=self._component_values,
        )

    def _component_values(
        self, client_id: str, component: str
    ) -> ComponentValues | None:
        """Return the values for a client in the events of a component."""
        from runtime.tokens.component_values import ComponentValues

        client = self.registry.client(client_id)
        if client is None or client.disabled:
            return None
        return ComponentValues(
            client,
            component,
            names=self.component_names,
            codes=self.component_codes,
            store=self.redis_store,
            clock=self.clock,
        )

    @lazy
    def asking(self) -> Asking:
        """Return the asker of the services that reply to pushes."""
        from runtime.push.ask_threads import of_this_process
        from runtime.push.asking import Asking

        return Asking(
            self.inbox,
            self.deliveries,
            self.relay,
            of_this_process,
            late=self.late_replies,
            holds=self.holds,
            longest_text=self.settings.push_text_bytes,
        )

    @lazy
    def late_replies(self) -> LateReplies:
        """Return the sender of replies that come late, as customer-service messages."""
        from runtime.push.late_reply import PATH, SEND_SECONDS, LateReplies

        def send(app: App, body: bytes) -> Answer:
            return self.calls.send(
                app,
                "POST",
                PATH,
                headers={"Content-Type": "application/json"},
                body=body,
                seconds=SEND_SECONDS,
                own=True,
            )

        return LateReplies(self.push_store, self.deliveries, send)

    @lazy
    def holds(self) -> Holds:
        """Return the requests of WeChat that wait past its five seconds."""
        from runtime.push.holds import HoldLimits, Holds

        settings = self.settings
        limits = HoldLimits(settings.push_holds_per_app, settings.push_holds_in_all)
        return Holds(self.push_store, limits)

    @lazy
    def _push_budgets(self) -> Budgets:
        from runtime.push.budgets import MB, Budgets

        settings = self.settings
        return Budgets(settings.push_mb_per_app * MB, settings.push_mb_in_all * MB)

    @lazy
    def last_seen(self) -> LastSeen:
        """Return the notes of what the platform sent last to each app."""
        from runtime.push.last_seen import LastSeen

        return LastSeen(self.push_store)

    @lazy
    def push_listening(self) -> Listening:
        """Return what comes while a developer listens."""
        from runtime.push.listening import Listening

        return Listening(self.push_store)

    @lazy
    def flows(self) -> Flows:
        """Return the flows: sign-ins that are not finished."""
        from runtime.sign_in.flows import Flows

        return Flows(self.redis_store, secure=self.settings.secure)

    @lazy
    def answered(self) -> AnsweredRequests:
        """Return the requests that were answered with a code."""
        from runtime.sign_in.answered import AnsweredRequests

        return AnsweredRequests(self.redis_store)

    @lazy
    def pushed_requests(self) -> PushedRequests:
        """Return the authorization requests that are too long for a link."""
        from runtime.sign_in.pushed_requests import PushedRequests

        return PushedRequests(self.redis_store)

    @lazy
    def confirmations(self) -> Confirmations:
        """Return the sign-ins on computers that users confirm on their phones."""
        from runtime.sign_in.confirmations import Confirmations

        return Confirmations(self.redis_store)

    @lazy
    def web_view_codes(self) -> WebViewCodes:
        """Return the codes that take a mini program's user into its web-view."""
        from runtime.sign_in.web_view_codes import WebViewCodes

        return WebViewCodes(self.redis_store)

    @lazy
    def _sign_outs(self) -> SignOuts:
        from runtime.sign_in.sign_outs import SignOuts
        from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS

        longest = max(self.settings.session_days * 86400, REFRESH_TOKEN_SECONDS)
        return SignOuts(self.redis_store, seconds=longest)

    @lazy
    def sessions(self) -> Sessions:
        """Return the sessions of signed-in users."""
        from runtime.sign_in.sessions import Sessions

        return Sessions(
            self.redis_store,
            keys=self.settings.cookie_secrets,
            secure=self.settings.secure,
            seconds=self.settings.session_days * 86400,
            domain=self.settings.cookie_domain,
            sign_outs=self._sign_outs,
            on_end=lambda sub, sid: self.logout_notices.send(sub, sid),
        )

    @lazy
    def session_clients(self) -> SessionClients:
        """Return the clients in which users' sessions are used."""
        from runtime.sign_in.session_clients import SessionClients
        from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS

        longest = max(self.settings.session_days * 86400, REFRESH_TOKEN_SECONDS)
        return SessionClients(self.redis_store, seconds=longest)

    @lazy
    def logout_notices(self) -> LogoutNotices:
        """Return the notices to clients that a session has ended."""
        from runtime.push.deliveries import NO_APP, job_id_of
        from runtime.tokens.logout_notices import LogoutNotices

        def add(target: str, kind: str, payload: str, *, name: str) -> str:
            job_id = job_id_of(NO_APP, name)
            return self.deliveries.add(target, kind, payload, job_id=job_id)

        return LogoutNotices(
            self.session_clients,
            self.registry,
            self.id_tokens,
            add=add,
            clock=self.clock,
        )

    @lazy
    def alert_sender(self) -> AlertSender:
        """Return the sender of alerts to operators."""
        from runtime.alerts.sending import AlertSender

        return AlertSender(
            self.outbound, gateway=self.settings.public_base_url, clock=self.clock
        )

    @lazy
    def openids(self) -> Openids:
        """Return the openids of users by app."""
        from runtime.sign_in.openids import Openids

        return Openids(self.redis_store)

    @lazy
    def references(self) -> References:
        """Return the references by which operators find refused users."""
        from runtime.sign_in.references import References

        return References(self.redis_store, self._signer("reference"))

    @lazy
    def grants(self) -> GrantStore:
        """Return what clients were told of users."""
        from runtime.tokens.grant_store import GrantStore

        return GrantStore(
            self.redis_store,
            self.registry,
            codes=self._signer("code"),
            user_tokens=self._signer("user_token"),
            refresh_tokens=self._signer("refresh_token"),
            sign_outs=self._sign_outs,
        )

    @lazy
    def gateway_tokens(self) -> GatewayTokens:
        """Return the issuer and reader of gateway tokens."""
        from runtime.tokens.gateway_tokens import GatewayTokens

        return GatewayTokens(self._signer("access_token"), self.registry)

    @lazy
    def media_links(self) -> MediaLinks:
        """Return the issuer and reader of media links."""
        from runtime.tokens.media_links import MediaLinks

        return MediaLinks(self._signer("media_link"), self.registry)

    @lazy
    def form_signer(self) -> Signer:
        """Return the signer of our own forms."""
        return self._signer("form")

    @lazy
    def oidc_keys(self) -> OidcKeys:
        """Return the keys of OpenID Connect."""
        from runtime.tokens.oidc_keys import OidcKeys

        return OidcKeys(self.settings.oidc_key)

    @lazy
    def id_tokens(self) -> IdTokens:
        """Return the issuer of ID tokens."""
        from runtime.tokens.id_tokens import IdTokens

        return IdTokens(self.oidc_keys, issuer=self.settings.public_base_url)

    def _signer(self, purpose: str) -> Signer:
        from runtime.crypto.signing import Signer

        return Signer(self.settings.token_secrets, purpose=purpose)


_current: Gateway | None = None

_lock = threading.Lock()


def current_gateway() -> Gateway:
    """Return this process' gateway, made from the environment at the first call."""
    global _current
    with _lock:
        if _current is None:
            _current = Gateway(settings_from(os.environ))
        return _current


def _own_services(settings: Settings) -> Iterator[tuple[str, int]]:
    """Yield the hosts and ports that no document may name: Redis and the bucket."""
    from runtime.state.redis_clients import hosts_of

    for url in filter(None, (settings.redis_url, settings.push_redis_url)):
        yield from hosts_of(url)
    if settings.config_url.startswith("s3://"):
        from runtime.documents.bucket import hosts_of_bucket

        yield from hosts_of_bucket(
            settings.config_url, endpoint=settings.s3_endpoint_url
        )


def documents_at(settings: Settings, store: RedisStore) -> Documents:
    """Return the config service at CONFIG_URL: a bucket, or a folder."""
    from runtime.crypto.envelope import Envelope
    from runtime.documents.documents import Documents

    envelope = Envelope(settings.master_keys)
    if settings.config_url.startswith("s3://"):
        from runtime.documents.bucket import BucketStore
        from runtime.documents.redis_copies import DocumentCopies

        bucket = BucketStore(
            settings.config_url,
            endpoint=settings.s3_endpoint_url,
            create_only=settings.s3_create_only,
        )
        return Documents(bucket, envelope, copies=DocumentCopies(store))
    from pathlib import Path

    from runtime.documents.folder import FolderStore

    # A folder is read as fast as Redis, and its writer may have no access to Redis.
    folder = FolderStore(Path(settings.config_url.removeprefix("file:")))
    return Documents(folder, envelope)
