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
from runtime.usage.field_bound import FieldBound
from runtime.usage.stored_numbers import whole_numbers

DAY_SECONDS = 86400
FLUSH_SECONDS = 1.0
"""Least time between two writes to Redis; what a process has not written is lost."""

PATIENCE_SECONDS = 0.05
"""How long a call waits for its write: on Function Compute nothing runs after it."""

MOST_PENDING = 10_000
"""How many different counts a process holds; beyond that, new ones are dropped."""

METRICS_KEY = "gateway:metrics"

LAST_USE_KEY = "gateway:last_use"
"""A hash: the minute of the last call of each client."""

LAST_USE_SECONDS = 90 * DAY_SECONDS

MOST_CLIENTS = 5_000
"""Most fields of that hash; of more clients the last call is not known."""

DROPPED = "gateway_series_dropped"
"""The field that counts what has no room among the metrics."""

METRICS_SECONDS = 30 * DAY_SECONDS
"""After so long without any count, metrics begin at zero again."""

MINUTE_SECONDS = 2 * 3600
"""The life of a minute's calls: those of the last hour are asked for."""

MOST_SERIES = 5_000
"""Most fields of the metrics' hash; then new ones are dropped."""

MOST_OF_A_DAY = 5_000
"""Most fields of a day's calls; then a path that is new is counted as OTHER."""

MOST_OF_A_MINUTE = 1_000
"""The same of a minute's."""

OTHER = "other"
"""Stands for the paths that found no room; twice as many fields have room for it."""

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
        self._fields = FieldBound()
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
        used: dict[tuple[str, str], int] = {}
        for (minute, field, is_measure), number in pending.items():
            if is_measure:
                self._take_series(field, number, counts)
                self._take_history(minute, field, number, counts)
                continue
            self._take_call(minute_key(minute), MOST_OF_A_MINUTE, field, number, counts)
            self._take_call(day_key(minute), MOST_OF_A_DAY, field, number, counts)
            self._take_use(field.partition("|")[0], minute, used)
        keys = sorted(
            {
                *(METRICS_KEY, LAST_USE_KEY, day_key(self._clock())),
                *(key for key, _ in counts),
            }
        )
        try:
            sizes = self._store.count(counts, seconds=_seconds, sized=keys, latest=used)
            self._fields.learn(sizes)
        except ServiceUnavailable:
            with self._lock:
                self.dropped += pending.total()
            log.warning("counts of calls dropped: %d so far", self.dropped)

    def _take_series(
        self, field: str, number: int, counts: Counter[tuple[str, str]]
    ) -> None:
        if not self._fields.admits(METRICS_KEY, field, most=MOST_SERIES):
            field = DROPPED
        counts[METRICS_KEY, field] += number

    def _take_history(
        self,
        minute: float,
        measure: str,
        number: int,
        counts: Counter[tuple[str, str]],
    ) -> None:
        for figure, app in history.figures_of(measure):
            for key, slot in history.places_of(minute):
                field = f"{figure}|{app}|{slot}"
                most = history.MOST_FIELDS
                if app and not self._fields.admits(key, field, most=most):
                    field = f"{figure}|{history.OTHER_APPS}|{slot}"
                counts[key, field] += number

    def _take_call(
        self,
        key: str,
        most: int,
        field: str,
        number: int,
        counts: Counter[tuple[str, str]],
    ) -> None:
        if not self._fields.admits(key, field, most=most):
            client_id, appid, _, errcode = parts_of(field)
            field = f"{client_id}|{appid}|{OTHER}|{errcode}"
            if not self._fields.admits(key, field, most=2 * most):
                field = f"-|-|{OTHER}|{-1 if errcode else 0}"
        counts[key, field] += number

    def _take_use(
        self, client_id: str, minute: float, used: dict[tuple[str, str], int]
    ) -> None:
        place = LAST_USE_KEY, client_id
        if client_id != "-" and self._fields.admits(*place, most=MOST_CLIENTS):
            used[place] = max(used.get(place, 0), int(minute))

    def last_uses(self) -> dict[str, float]:
        """Return the minute of each client's last call, as Unix time."""
        return dict(whole_numbers(self._store.fields(LAST_USE_KEY)))

    def today(self, client_id: str, appid: str, path: str) -> int:
        """Return how many calls of a path by a client have succeeded today."""
        text = self._store.field(
            day_key(self._clock()), f"{client_id}|{appid}|{path}|0"
        )
        return int(text or 0)


def parts_of(field: str) -> tuple[str, str, str, int]:
    """Return client, appid, path and errcode of a field; only the path may have a |."""
    client_id, appid, rest = field.split("|", 2)
    path, _, errcode = rest.rpartition("|")
    return client_id, appid, path, int(errcode)


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
    if key == METRICS_KEY:
        return METRICS_SECONDS
    if key == LAST_USE_KEY:
        return LAST_USE_SECONDS
    is_minute = len(key) == len(minute_key(0))
    return MINUTE_SECONDS if is_minute else DAY_SECONDS + 3600


def _key(form: str, now: float) -> str:
    return f"gateway:calls:{{{time.strftime(form, time.gmtime(now + _CHINA))}}}"
