"""SDK for WeChat with its own storage in Redis, as in its manual."""

from __future__ import annotations

import importlib
import json
import threading
from functools import partial
from typing import Any

from bench.source import SECRET


class Wechatpy:
    """wechatpy's client, one for each process and app."""

    def __init__(self, redis_url: str, upstream_url: str, **_: float) -> None:
        from redis import Redis

        storage: Any = importlib.import_module("wechatpy.session.redisstorage")
        self._make: Any = importlib.import_module("wechatpy").WeChatClient
        self._redis: Any = Redis.from_url(redis_url)
        self._storage = storage.RedisStorage(self._redis)
        self._url = f"{upstream_url}/cgi-bin/token"
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def get(self, appid: str) -> str:
        """Return the app's token."""
        with self._lock:
            if appid not in self._clients:
                self._clients[appid] = self.client(appid)
        return str(self._clients[appid].access_token)

    def stored(self, appid: str) -> str:
        """Return the token in Redis, or an empty text."""
        kept = self._redis.get(f"wechatpy:{appid}_access_token")
        return str(json.loads(kept)) if kept else ""

    def end_life(self, appid: str) -> None:
        """Expire the token in Redis."""
        self._redis.delete(f"wechatpy:{appid}_access_token")

    def client(self, appid: str) -> Any:
        """Return a new client of the SDK that calls only our URLs."""
        client = self._make(appid, SECRET, session=self._storage)
        client._http.trust_env = False  # a proxy does not know our URL
        # WeChat's host is in its code.
        fetch, params = client._fetch_access_token, {"appid": appid}
        client.fetch_access_token = partial(fetch, url=self._url, params=params)
        return client
