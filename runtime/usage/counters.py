"""Counters of calls by client, app, path and errcode.

Redis has two hashes, one for the minute and one for the day in China; their fields
are `client|appid|path|errcode`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from runtime.errors import ServiceUnavailable
from runtime.state.redis_store import RedisStore

DAY_SECONDS = 86400
FLUSH_SECONDS = 1.0
"""Least time between two writes to Redis; what a process has not written is lost."""

PATIENCE_SECONDS = 0.05
"""How long a call waits for its write: on Function Compute nothing runs after it."""

MOST_PENDING = 10_000
"""How many different counts a process holds; beyond that, new ones are dropped."""

log = logging.getLogger("gateway.store")

_CHINA = 8 * 3600
_LONGEST_PATH = 128


class Counters:
    """Counts of calls, kept in the process and written to Redis with a later call."""

    def __init__(
        self,
        store: RedisStore,
        *,
        clock: Callable[[], float],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._writing: threading.Thread | None = None
        self.dropped = 0
        self._pending: Counter[tuple[float, str]] = Counter()
        self._sent_at = float("-inf")
        self._lock = threading.Lock()

    def add(self, client_id: str, appid: str, path: str, *, errcode: int) -> None:
        """Count one call; a Redis that is away or hangs costs counts, not the call."""
        now = self._clock()
        each = now // 60 * 60, f"{client_id}|{appid}|{path[:_LONGEST_PATH]}|{errcode}"
        with self._lock:
            if len(self._pending) < MOST_PENDING or each in self._pending:
                self._pending[each] += 1
            else:
                self.dropped += 1
            is_writing = self._writing is not None and self._writing.is_alive()
            if is_writing or now - self._sent_at < FLUSH_SECONDS:
                return
            self._sent_at, pending = now, self._pending
            self._pending = Counter()
            writing = threading.Thread(target=self._write, args=(pending,), daemon=True)
            self._writing = writing
            writing.start()
        writing.join(self._patience)

    def _write(self, pending: Counter[tuple[float, str]]) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        for (minute, field), number in pending.items():
            for key in (minute_key(minute), day_key(minute)):
                counts[key, field] += number
        try:
            self._store.count(counts, seconds=DAY_SECONDS + 3600)
        except ServiceUnavailable:
            with self._lock:
                self.dropped += pending.total()
            log.warning("counts of calls dropped: %d so far", self.dropped)

    def today(self, client_id: str, appid: str, path: str) -> int:
        """Return how many calls of a path by a client have succeeded today."""
        text = self._store.field(
            day_key(self._clock()), f"{client_id}|{appid}|{path}|0"
        )
        return int(text or 0)


def minute_key(now: float) -> str:
    """Return the key of a minute's counts, such as `gateway:calls:{202701151600}`."""
    return _key("%Y%m%d%H%M", now)


def day_key(now: float) -> str:
    """Return the key of a day's counts, such as `gateway:calls:{20270115}`."""
    return _key("%Y%m%d", now)


def _key(form: str, now: float) -> str:
    return f"gateway:calls:{{{time.strftime(form, time.gmtime(now + _CHINA))}}}"
