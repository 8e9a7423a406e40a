"""Foundation of the gateway: Redis, documents, counts, and what is reached by HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.crypto.signing import Signer
    from runtime.documents.documents import Documents
    from runtime.push.rounds import Rounds
    from runtime.registry.authorizers import Authorizers
    from runtime.registry.page_origins import PageOrigins
    from runtime.registry.registry import Registry
    from runtime.state.redis_store import RedisStore
    from runtime.upstream.answer import Transport
    from runtime.upstream.function_compute import FunctionCompute
    from runtime.upstream.outbound import Outbound
    from runtime.usage.counters import Counters
    from runtime.usage.history import History
    from runtime.usage.in_flight import CallsInFlight
    from runtime.usage.limits import Limits
    from runtime.usage.metrics import Metrics
    from runtime.usage.remaining_quotas import RemainingQuotas


T = TypeVar("T")


class lazy(Generic[T]):
    """A member of the gateway, imported and made by its first user, once.

    A cold start pays for what its request needs: the WeChat client alone costs 15 ms.
    Unlike functools.cached_property it makes one also where threads ask at once.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, gateway: Foundation, owner: type[Foundation]) -> T:
        """Return the member; it hides this descriptor from then on."""
        name = self._make.__name__
        with gateway.making:
            if name not in gateway.__dict__:
                gateway.__dict__[name] = self._make(gateway)
        made: T = gateway.__dict__[name]
        return made


class Foundation:
    """Members that everything else is made of."""

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

    def redis_stores(self) -> dict[str, RedisStore]:
        """Return each store in Redis by the setting that names it."""
        stores = {"REDIS_URL": self.redis_store}
        if self.settings.push_redis_url:
            stores["PUSH_REDIS_URL"] = self.push_store
        return stores

    def acl_rules(self) -> dict[str, str]:
        """Return what the ACL of each Redis must allow; Redis is not asked."""
        from runtime.state.needed_commands import acl_rule

        settings = self.settings
        blocking = settings.redis_wait == "block"
        urls = {
            "REDIS_URL": settings.redis_url,
            "PUSH_REDIS_URL": settings.push_redis_url,
        }
        return {
            name: acl_rule(url, blocking=blocking) for name, url in urls.items() if url
        }

    def _store_at(
        self, url: str, name: str, *, client: Callable[[], Any] | None = None
    ) -> RedisStore:
        from runtime.state.deployment import Deployment
        from runtime.state.redis_clients import connect
        from runtime.state.redis_store import RedisStore

        settings = self.settings
        return RedisStore(
            client or (lambda: connect(url, ca=settings.redis_ca)),
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
    def counters(self) -> Counters:
        """Return the counters of calls."""
        from runtime.usage.counters import Counters

        return Counters(self.redis_store, clock=self.clock)

    @lazy
    def history(self) -> History:
        """Return the history of the last hour and the last day."""
        from runtime.usage.history import History

        return History(self.redis_store)

    @lazy
    def metrics(self) -> Metrics:
        """Return the metrics."""
        from runtime.usage.metrics import Metrics

        return Metrics(self.counters)

    @lazy
    def remaining_quotas(self) -> RemainingQuotas:
        """Return the quotas that WeChat has told today."""
        from runtime.usage.remaining_quotas import RemainingQuotas

        return RemainingQuotas(self.redis_store, clock=self.clock)

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

    def _signer(self, purpose: str) -> Signer:
        from runtime.crypto.signing import Signer

        return Signer(self.settings.token_secrets, purpose=purpose)


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
            addressing=settings.s3_addressing,
            signature=settings.s3_signature,
        )
        return Documents(bucket, envelope, copies=DocumentCopies(store))
    from pathlib import Path

    from runtime.documents.folder import FolderStore

    # A folder is read as fast as Redis, and its writer may have no access to Redis.
    folder = FolderStore(Path(settings.config_url.removeprefix("file:")))
    return Documents(folder, envelope)
