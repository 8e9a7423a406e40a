"""The composition root: everything a function works with, built when it is wanted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.settings import Settings, settings_from
from runtime.state.redis_store import RedisStore

if TYPE_CHECKING:
    from runtime.crypto.signing import Signer
    from runtime.custody.custody import Custody
    from runtime.custody.protocol import Pace
    from runtime.custody.upkeep import Upkeep
    from runtime.documents.documents import Documents
    from runtime.health import Health
    from runtime.registry.page_origins import PageOrigins
    from runtime.registry.registry import Registry
    from runtime.sign_in.flows import Flows
    from runtime.sign_in.sessions import Sessions
    from runtime.sign_in.sign_outs import SignOuts
    from runtime.state.redis_store import RedisStore
    from runtime.tokens.gateway_tokens import GatewayTokens
    from runtime.tokens.grant_store import GrantStore
    from runtime.tokens.id_tokens import IdTokens
    from runtime.tokens.oidc_keys import OidcKeys
    from runtime.upstream.answer import Transport
    from runtime.usage.counters import Counters
    from runtime.usage.limits import Limits
    from runtime.wechat.api import WeChat
    from runtime.wechat.calls import Calls
    from runtime.wechat.mini_programs import MiniPrograms
    from runtime.wechat.oauth import WeChatSignIn
    from runtime.wechat.session_keys import SessionKeys

T = TypeVar("T")


class part(Generic[T]):
    """A part of the gateway, imported and made by its first user, once.

    A cold start pays for what its request needs: the WeChat client alone costs 15 ms.
    Unlike functools.cached_property it makes one also where threads ask at once.
    """

    def __init__(self, make: Callable[[Gateway], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, gateway: Gateway, owner: type[Gateway]) -> T:
        """Return the part."""
        name = self._make.__name__
        with gateway.making:
            if name not in gateway.__dict__:
                # From now on it is found without us.
                gateway.__dict__[name] = self._make(gateway)
        made: T = gateway.__dict__[name]
        return made


class Gateway:
    """The parts, wired by the settings; making one neither connects nor imports."""

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

    @part
    def store(self) -> RedisStore:
        """Return Redis."""
        from runtime.state.redis_clients import connect
        from runtime.state.redis_store import RedisStore

        settings = self.settings
        connected = self._client or (lambda: connect(settings.redis_url))
        return RedisStore(connected, blocking=settings.redis_wait == "block")

    @part
    def documents(self) -> Documents:
        """Return the config service."""

        return documents_at(self.settings, self.store)

    @part
    def health(self) -> Health:
        """Return what is reachable of all this."""
        from runtime.health import Health

        return Health(self.store, self.documents)

    @part
    def registry(self) -> Registry:
        """Return apps and clients."""
        from runtime.registry.registry import Registry

        return Registry(self.documents)

    @part
    def page_origins(self) -> PageOrigins:
        """Return the origins whose pages may read our answers."""
        from runtime.registry.page_origins import PageOrigins

        return PageOrigins(self.registry, clock=self.clock)

    @part
    def wechat(self) -> WeChat:
        """Return WeChat's API."""
        from runtime.upstream.transport import pooled_transport
        from runtime.wechat.api import WeChat

        return WeChat(
            self.settings.wechat_api_url,
            self.transport or pooled_transport(),
            seconds=self.settings.wechat_deadline_seconds,
        )

    @part
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

    @part
    def custody(self) -> Custody:
        """Return the credentials."""
        from runtime.custody.custody import Custody

        return Custody(self.store, pace=self._pace)

    @part
    def upkeep(self) -> Upkeep:
        """Return what refreshes them ahead of time."""
        from runtime.custody.upkeep import Upkeep

        return Upkeep(self.store, pace=self._pace)

    @part
    def calls(self) -> Calls:
        """Return calls of WeChat's API with an app's token."""
        from runtime.wechat.calls import Calls

        return Calls(self.wechat, self.custody)

    @part
    def counters(self) -> Counters:
        """Return the counts of calls."""
        from runtime.usage.counters import Counters

        return Counters(self.store, clock=self.clock)

    @part
    def limits(self) -> Limits:
        """Return how often is too often."""
        from runtime.usage.limits import Limits

        return Limits(
            self.store,
            per_address=self.settings.sign_ins_per_address,
            per_minute=self.settings.sign_ins_per_minute,
            trusted_hops=self.settings.trusted_proxy_hops,
            clock=self.clock,
        )

    @part
    def sign_in(self) -> WeChatSignIn:
        """Return the browser's way to WeChat and back."""
        from runtime.wechat.oauth import WeChatSignIn

        return WeChatSignIn(
            self.wechat,
            open_url=self.settings.wechat_open_url,
            base_url=self.settings.public_base_url,
        )

    @part
    def session_keys(self) -> SessionKeys:
        """Return the mini programs' session_keys."""
        from runtime.crypto.envelope import Envelope
        from runtime.wechat.session_keys import SessionKeys

        return SessionKeys(self.store, Envelope(self.settings.master_keys))

    @part
    def mini_programs(self) -> MiniPrograms:
        """Return sign-in of mini programs."""
        from runtime.wechat.mini_programs import MiniPrograms

        return MiniPrograms(self.wechat, self.session_keys)

    @part
    def flows(self) -> Flows:
        """Return sign-ins on their way."""
        from runtime.sign_in.flows import Flows

        return Flows(self.store, secure=self.settings.secure)

    @part
    def _sign_outs(self) -> SignOuts:
        from runtime.sign_in.sign_outs import SignOuts
        from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS

        longest = max(self.settings.session_days * 86400, REFRESH_TOKEN_SECONDS)
        return SignOuts(self.store, seconds=longest)

    @part
    def sessions(self) -> Sessions:
        """Return who is signed in."""
        from runtime.sign_in.sessions import Sessions

        return Sessions(
            self.store,
            keys=self.settings.cookie_secrets,
            secure=self.settings.secure,
            seconds=self.settings.session_days * 86400,
            domain=self.settings.cookie_domain,
            sign_outs=self._sign_outs,
        )

    @part
    def grants(self) -> GrantStore:
        """Return what clients were told of users."""
        from runtime.tokens.grant_store import GrantStore

        return GrantStore(
            self.store,
            self.registry,
            codes=self._signer("code"),
            user_tokens=self._signer("user_token"),
            refresh_tokens=self._signer("refresh_token"),
            sign_outs=self._sign_outs,
        )

    @part
    def gateway_tokens(self) -> GatewayTokens:
        """Return the gateway tokens of clients."""
        from runtime.tokens.gateway_tokens import GatewayTokens

        return GatewayTokens(self._signer("access_token"), self.registry)

    @part
    def form_signer(self) -> Signer:
        """Return what signs our own forms."""
        return self._signer("form")

    @part
    def oidc_keys(self) -> OidcKeys:
        """Return the keys of OpenID Connect."""
        from runtime.tokens.oidc_keys import OidcKeys

        return OidcKeys(self.settings.oidc_key)

    @part
    def id_tokens(self) -> IdTokens:
        """Return what makes ID tokens."""
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


def forget_gateway() -> None:
    """Let the next call make a new gateway: the environment has changed."""
    global _current
    with _lock:
        _current = None


def documents_at(settings: Settings, store: RedisStore) -> Documents:
    """Return the config service at CONFIG_URL: a bucket, or a folder."""
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
    from runtime.documents.folder import FolderStore

    # A folder is as near as Redis, and who writes into it may not reach Redis.
    folder = FolderStore(Path(settings.config_url.removeprefix("file:")))
    return Documents(folder, envelope)
