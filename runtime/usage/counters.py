"""Counters of calls by client, app, path and errcode, and the counts of metrics.

Redis has two hashes of calls, one for the minute and one for the day in China, whose
fields are `client|appid|path|errcode`, and one hash of metrics: see metrics.py. What
has counted for a metric also counts in history.py's hashes. A process writes to all of
them in one round trip.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from runtime.errors import ServiceUnavailable
from runtime.state.redis_store import Increment, RedisStore
from runtime.usage import history

DAY_SECONDS = 86400
FLUSH_SECONDS = 1.0
"""Least time between two writes to Redis; what a process has not written is lost."""

PATIENCE_SECONDS = 0.05
"""How long a call waits for its write: on Function Compute nothing runs after it."""

MOST_PENDING = 10_000
"""How many different counts a process holds; beyond that, new ones are dropped."""

METRICS_KEY = "gateway:metrics"

DROPPED = "gateway_series_dropped"
"""The field that counts what has no room among the metrics."""

METRICS_SECONDS = 30 * DAY_SECONDS
"""After so long without any count, metrics begin at zero again."""

MOST_SERIES = 5_000
"""Most fields of the metrics' hash; then new ones are dropped."""

log = logging.getLogger("gateway.store")

_Each = tuple[float, str, bool]
"""A minute, a field, and whether it is one of the metrics, or one of the calls."""

_NOTHING: Mapping[str, int] = {}

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
        self._pending: Counter[_Each] = Counter()
        self._series: set[str] = set()
        self._series_in_redis = 0
        self._history: dict[str, int] = {}
        self._history_fields: set[tuple[str, str]] = set()
        self._sent_at = float("-inf")
        self._lock = threading.Lock()

    def add(
        self,
        client_id: str,
        appid: str,
        path: str,
        *,
        errcode: int,
        measures: Mapping[str, int] = _NOTHING,
    ) -> None:
        """Count one call; a Redis that is away or hangs costs counts, not the call.

        `measures` are added to the fields of the metrics' hash.
        """
        now = self._clock()
        field = f"{client_id}|{appid}|{path[:_LONGEST_PATH]}|{errcode}"
        minute = now // 60 * 60
        self._add(now, {(minute, field, False): 1, **_measured(minute, measures)})

    def add_measures(self, measures: Mapping[str, int]) -> None:
        """Add to the fields of the metrics' hash; the same promise."""
        now = self._clock()
        self._add(now, _measured(now // 60 * 60, measures))

    def riding(self, measures: Mapping[str, int]) -> list[Increment]:
        """Return the same for a pipeline that is sent anyway, and costs no round trip.

        Only for series that are few and of no app: they are not bounded here.
        """
        found, minute = [], self._clock() // 60 * 60
        for measure, by in measures.items():
            found.append(Increment(METRICS_KEY, measure, by, METRICS_SECONDS))
            for figure, app in history.figures_of(measure):
                for key, slot in history.places_of(minute):
                    field = f"{figure}|{app}|{slot}"
                    found.append(Increment(key, field, by, history.seconds_of(key)))
        return found

    def _add(self, now: float, counts: Mapping[_Each, int]) -> None:
        with self._lock:
            for each, by in counts.items():
                if len(self._pending) < MOST_PENDING or each in self._pending:
                    self._pending[each] += by
                else:
                    self.dropped += by
            is_writing = self._writing is not None and self._writing.is_alive()
            if is_writing or now - self._sent_at < FLUSH_SECONDS:
                return
            self._sent_at, pending = now, self._pending
            self._pending = Counter()
            writing = threading.Thread(target=self._write, args=(pending,), daemon=True)
            self._writing = writing
            writing.start()
        writing.join(self._patience)

    def _write(self, pending: Counter[_Each]) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        for (minute, field, is_measure), number in pending.items():
            if is_measure:
                self._take_series(field, number, counts)
                self._take_history(minute, field, number, counts)
                continue
            for key in (minute_key(minute), day_key(minute)):
                counts[key, field] += number
        periods = sorted({key for key, _ in counts if history.is_history(key)})
        self._history_fields = {
            each for each in self._history_fields if each[0] in periods
        }
        try:
            sizes = self._store.count(
                counts, seconds=_seconds, sized=[METRICS_KEY, *periods]
            )
            self._series_in_redis = sizes.pop(METRICS_KEY)
            self._history = sizes
        except ServiceUnavailable:
            with self._lock:
                self.dropped += pending.total()
            log.warning("counts of calls dropped: %d so far", self.dropped)

    def _take_series(
        self, field: str, number: int, counts: Counter[tuple[str, str]]
    ) -> None:
        # Another process may have written the field: its size in Redis bounds only what
        # this one adds.
        if field not in self._series and self._series_in_redis >= MOST_SERIES:
            field = DROPPED
        self._series.add(field)
        counts[METRICS_KEY, field] += number

    def _take_history(
        self,
        minute: float,
        measure: str,
        number: int,
        counts: Counter[tuple[str, str]],
    ) -> None:
        # Bounded as the series are: by what Redis had at the last write.
        for figure, app in history.figures_of(measure):
            for key, slot in history.places_of(minute):
                field = f"{figure}|{app}|{slot}"
                is_full = self._history.get(key, 0) >= history.MOST_FIELDS
                if app and is_full and (key, field) not in self._history_fields:
                    field = f"{figure}|{history.OTHER_APPS}|{slot}"
                self._history_fields.add((key, field))
                counts[key, field] += number

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


def _measured(minute: float, measures: Mapping[str, int]) -> dict[_Each, int]:
    return {(minute, field, True): by for field, by in measures.items()}


def _seconds(key: str) -> float:
    if history.is_history(key):
        return history.seconds_of(key)
    return METRICS_SECONDS if key == METRICS_KEY else DAY_SECONDS + 3600


def _key(form: str, now: float) -> str:
    return f"gateway:calls:{{{time.strftime(form, time.gmtime(now + _CHINA))}}}"
