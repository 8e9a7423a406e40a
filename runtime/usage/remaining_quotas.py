"""Quotas as WeChat has last told them, less what the gateway has counted since.

WeChat tells what is left of a path's daily quota only when it is asked for that path,
and it alone knows the limit. So what somebody has asked for is remembered until the
day in China ends; calls of other programs since then are not known here.

    gateway:quota:{DAY}   hash; fields `appid|path`; values: the limit, what was left,
                          and how many calls the gateway had counted then
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.errors import ServiceUnavailable
from runtime.state.redis_store import RedisStore
from runtime.usage.counters import DAY_SECONDS, day_key, parts_of
from runtime.usage.stored_numbers import whole_numbers

MOST_PATHS = 200
"""Most fields of a day; later paths are not remembered."""

log = logging.getLogger("gateway.store")

# KEYS: the hash. ARGV: field, value, most fields, life in ms.
_PUT = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
    and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
"""


@dataclass(frozen=True, slots=True)
class RemainingQuota:
    """Calls that are left today of an app's quota for a path, and their limit."""

    appid: str
    path: str
    left: int
    limit: int


class RemainingQuotas:
    """The quotas of today that WeChat has told."""

    def __init__(self, store: RedisStore, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def remember(self, appid: str, path: str, quota: object) -> None:
        """Remember what WeChat has told of a path.

        Without a limit or while Redis is away nothing is remembered.
        """
        limit, left = _numbers(quota)
        if not limit or "|" in path:
            return
        now = self._clock()
        try:
            counted = self._counted(now)[f"{appid}|{path}"]
            self._store.run(
                _PUT,
                [_key(now)],
                [
                    f"{appid}|{path}",
                    f"{limit}|{left}|{counted}",
                    MOST_PATHS,
                    (DAY_SECONDS + 3600) * 1000,
                ],
                repeatable=True,
            )
        except ServiceUnavailable:
            log.info("%s: a quota that WeChat told is not remembered", appid)

    def left(self) -> list[RemainingQuota]:
        """Return what is left today; ServiceUnavailable without Redis."""
        now = self._clock()
        known = self._store.fields(_key(now))
        if not known:
            return []
        counted, found = self._counted(now), []
        for name, value in sorted(known.items()):
            try:
                field = name.decode()
                limit, left, before = map(int, value.split(b"|"))
            except ValueError:
                continue
            appid, _, path = field.partition("|")
            since = max(0, counted[field] - before)
            found.append(RemainingQuota(appid, path, max(0, left - since), limit))
        return found

    def _counted(self, now: float) -> Counter[str]:
        """Return today's calls that WeChat has answered, by `appid|path`."""
        calls: Counter[str] = Counter()
        for field, number in whole_numbers(self._store.fields(day_key(now))):
            try:
                _, appid, path, errcode = parts_of(field)
            except ValueError:
                continue
            if errcode != -1:
                calls[f"{appid}|{path}"] += number
        return calls


def _numbers(quota: object) -> tuple[int, int]:
    content: Any = quota if isinstance(quota, dict) else {}
    limit, left = content.get("daily_limit"), content.get("remain")
    if type(limit) is not int or type(left) is not int:
        return 0, 0
    return max(0, limit), max(0, left)


def _key(now: float) -> str:
    day = day_key(now).removeprefix("gateway:calls:")
    return f"gateway:quota:{day}"
