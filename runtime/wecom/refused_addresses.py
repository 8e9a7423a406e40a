"""Addresses that WeCom has refused: the apps that do not list where calls come from.

    gateway:wecom_refused   hash: by the app's id, the address in 60020

gettoken works from any address, so a refused business call is the only sign. An entry
goes when a later call of the app is taken, and a week after the last refusal.
"""

from __future__ import annotations

from contextlib import suppress

from runtime.errors import ServiceUnavailable
from runtime.state.redis_store import RedisStore

KEY = "gateway:wecom_refused"

KEPT_SECONDS = 7 * 86400

# KEYS: the hash. ARGV: the app's id, the address, life in ms.
_NOTE = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

_FORGET = "return redis.call('HDEL', KEYS[1], ARGV[1])"


class RefusedAddresses:
    """The notes of all apps; without Redis a note is lost."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def note(self, appid: str, address: str) -> None:
        """Note that WeCom has refused this address to the app; "" if it told none."""
        with suppress(ServiceUnavailable):
            arguments = [appid, address, KEPT_SECONDS * 1000]
            self._store.run(_NOTE, [KEY], arguments, repeatable=True)

    def forget(self, appid: str) -> None:
        """Note that WeCom takes the app's calls, or that the app is gone."""
        with suppress(ServiceUnavailable):
            self._store.run(_FORGET, [KEY], [appid], repeatable=True)

    def all(self) -> dict[str, str]:
        """Return the refused address by app; ServiceUnavailable without Redis."""
        found = self._store.fields(KEY)
        return {appid.decode(): address.decode() for appid, address in found.items()}
