"""Counts of calls as they stand in Redis: who calls what, in the last hour and today.

The day is the one in China, on which WeChat's quotas begin; the last hour is the
present minute and the 59 before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.state.redis_store import RedisStore
from runtime.usage.counters import OTHER, day_key, minute_key, parts_of
from runtime.usage.stored_numbers import whole_numbers

MINUTES = 60


@dataclass(frozen=True, slots=True)
class CallCount:
    """The number of calls of a path by a client, for an app, with one outcome."""

    client_id: str
    appid: str
    path: str
    errcode: int
    last_hour: int
    today: int


class CallCounts:
    """The counts of clients' calls, in one round trip."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def read(self, now: float) -> list[CallCount]:
        """Return all of them, those with an error first, then the most frequent."""
        minutes = [minute_key(now - 60 * back) for back in range(MINUTES)]
        day, *hour = self._store.fields_of_all([day_key(now), *minutes])
        today: Counter[str] = Counter()
        last_hour: Counter[str] = Counter()
        for total, hashes in ((today, [day]), (last_hour, hour)):
            for fields in hashes:
                for field, number in whole_numbers(fields):
                    total[field] += number
        return sorted(_counts(last_hour, today), key=_worst_first)


def _counts(last_hour: Counter[str], today: Counter[str]) -> Iterator[CallCount]:
    for field in last_hour | today:
        try:
            client_id, appid, path, errcode = parts_of(field)
        except ValueError:
            continue
        # What has no client is a push, unless it found no room.
        if client_id != "-" or path == OTHER:
            numbers = last_hour[field], today[field]
            yield CallCount(client_id, appid, path, errcode, *numbers)


def _worst_first(each: CallCount) -> tuple[bool, int, int, tuple[str, ...]]:
    names = each.client_id, each.appid, each.path, str(each.errcode)
    return not each.errcode, -each.last_hour, -each.today, names
