"""Token custody as the gateway uses it, with its default pace."""

from __future__ import annotations

from functools import partial

from bench.source import token_source
from runtime.custody.custody import Custody
from runtime.custody.upkeep import Upkeep
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore


class Ours:
    """The objects that a process of the gateway keeps."""

    def __init__(self, redis_url: str, upstream_url: str, **_: float) -> None:
        self._redis = connect(redis_url)
        store = RedisStore(lambda: self._redis)
        self._custody = Custody(store)
        self._upkeep = Upkeep(store)
        self._source = partial(token_source, upstream_url)

    def get(self, appid: str) -> str:
        """Return the app's token."""
        return self._custody.get(self._source(appid)).value

    def refresh(self, appid: str) -> str:
        """Do what the timer does; return what came of it."""
        return self._upkeep.refresh(self._source(appid)).value

    def stored(self, appid: str) -> str:
        """Return the token that stands in Redis, or an empty text."""
        kept = self._redis.hget(_key(appid), "value")
        return kept.decode() if kept else ""

    def end_life(self, appid: str) -> None:
        """Let the token be due now; it lives on until it is replaced."""
        self.due_in(appid, seconds=0)

    def due_in(self, appid: str, *, seconds: float) -> None:
        """Let the token be due so much later."""
        now, _ = self._redis.time()
        self._redis.hset(_key(appid), "due_at", round((now + seconds) * 1000))


def _key(appid: str) -> str:
    return f"gateway:credential:{{access_token:{appid}}}"
