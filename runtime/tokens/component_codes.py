"""Codes by which a client learns that an account has authorised a component.

They stand in for WeChat's own in the redirect, and in the events that a client gets:
each works once and for an hour, for one client, component and account.

    gateway:component_code:{HASH}        client, its epoch, component and account
    gateway:component_code:{HASH}:used   which attempt has redeemed it
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass

from runtime.crypto.encoding import sha256_hex
from runtime.crypto.signing import BadSignature, Signer
from runtime.errors import FlowExpired
from runtime.registry.models import Client
from runtime.state.redis_store import Entry, RedisStore, attempt_id
from runtime.state.stored_fields import known_fields

CODE_SECONDS = 3600

# KEYS: the code, the attempt that redeemed it. ARGV: this attempt, the code's life in
# ms. An attempt whose answer was lost gets the text again.
_REDEEM = """
local text = redis.call('GET', KEYS[1])
if not text then return false end
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end
return text
"""


@dataclass(frozen=True, slots=True)
class ComponentCode:
    """Client, component and account of a code."""

    client_id: str
    epoch: int
    component: str
    appid: str


class ComponentCodes:
    """Codes of authorisations: made for a client, and redeemed by it."""

    def __init__(
        self,
        store: RedisStore,
        signer: Signer,
        *,
        random: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._store = store
        self._signer = signer
        self._random = random

    @property
    def newest_key(self) -> int:
        """Return the version of the key that now makes codes of flows."""
        return self._signer.newest

    def make(
        self, client: Client, component: str, appid: str, *, flow: str | None = None
    ) -> tuple[str, Entry]:
        """Return a code, and what has to be stored to make it valid.

        With the state of a flow it is the flow's own code, see `code_of`.
        """
        code = self._random(32)
        if flow is not None:
            code = self.code_of(flow, key=self.newest_key)
        known = ComponentCode(client.client_id, client.epoch, component, appid)
        text = json.dumps(asdict(known)).encode()
        return code, Entry(_key(code), text, CODE_SECONDS)

    def code_of(self, flow: str, *, key: int) -> str:
        """Return the code of a flow that has one, by the flow's state.

        A repeated callback gets the same code, and Redis need not store it. `key` is
        the version of the key that made it; FlowExpired if this process lacks it.
        """
        try:
            return self._signer.digest(flow, version=key)
        except BadSignature:
            raise FlowExpired from None

    def redeem(self, code: str, client: Client, component: str) -> str | None:
        """Return the account, to one call only; None for a code that is of no use.

        Another client's or component's attempt does not use the code up.
        """
        text = self._store.get(_key(code))
        if text is None:
            return None
        known = ComponentCode(**known_fields(ComponentCode, json.loads(text)))
        wanted = ComponentCode(client.client_id, client.epoch, component, known.appid)
        if known != wanted:
            return None
        keys = [_key(code), f"{_key(code)}:used"]
        arguments = [attempt_id(), CODE_SECONDS * 1000]
        found = self._store.run(_REDEEM, keys, arguments, repeatable=True)
        return None if found is None else known.appid


def _key(code: str) -> str:
    return f"gateway:component_code:{{{sha256_hex(code)}}}"
