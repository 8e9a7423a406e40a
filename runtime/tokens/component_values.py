"""Values of ours that the events of an open platform carry to one client."""

from __future__ import annotations

from collections.abc import Callable

from runtime.registry.models import Client
from runtime.state.redis_store import RedisStore
from runtime.tokens.component_codes import CODE_SECONDS, ComponentCodes
from runtime.tokens.component_names import ComponentNames


class ComponentValues:
    """Values for a client and a component; a code is good once this has returned it."""

    def __init__(
        self,
        client: Client,
        component: str,
        *,
        names: ComponentNames,
        codes: ComponentCodes,
        store: RedisStore,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._component = component
        self._names = names
        self._codes = codes
        self._store = store
        self._clock = clock

    def ticket(self) -> str:
        """Return the client's verify ticket."""
        return self._names.verify_ticket(self._client, self._component)

    def pre_auth_code(self) -> str:
        """Return a pre_auth_code of the client."""
        now = self._clock()
        return self._names.pre_auth_code(self._client, self._component, now=now)

    def code(self, appid: str) -> tuple[str, int]:
        """Return a code for an account, and the Unix time at which it ends."""
        code, entry = self._codes.make(self._client, self._component, appid)
        self._store.put_all([entry])
        return code, int(self._clock()) + CODE_SECONDS
