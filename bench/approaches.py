"""Candidates by name: each returns an app's token from Redis, or fetches it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Protocol

from bench.locked import Locked, python_redis_lock, redis_py
from bench.ours import Ours
from bench.sdk import Wechatpy

OURS, WECHATPY = "ours", "wechatpy"
REDIS_PY, PYTHON_REDIS_LOCK = "redis-py Lock", "python-redis-lock"
LOCKS = (REDIS_PY, PYTHON_REDIS_LOCK)


class Approach(Protocol):
    """Interface of each candidate."""

    def get(self, appid: str) -> str: ...
    def stored(self, appid: str) -> str: ...
    def end_life(self, appid: str) -> None: ...


_MAKERS: dict[str, tuple[Callable[..., Approach], str]] = {
    OURS: (Ours, "runtime"),
    WECHATPY: (Wechatpy, "wechatpy"),
    REDIS_PY: (partial(Locked, make=redis_py), "redis"),
    PYTHON_REDIS_LOCK: (partial(Locked, make=python_redis_lock), "redis_lock"),
}


def present(*names: str) -> list[str]:
    """Return the names of the approaches whose package is installed."""
    return [name for name in names if importlib.util.find_spec(_MAKERS[name][1])]


def make_approach(
    name: str, redis_url: str, upstream_url: str, *, lock: float
) -> Approach:
    """Return the approach; its locks expire after `lock` seconds."""
    make, _ = _MAKERS[name]
    return make(redis_url, upstream_url, lock=lock)
