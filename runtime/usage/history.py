"""History: a handful of figures by the minute for an hour, by the quarter for a day.

They come from the counts of metrics, and are written with them. Redis has a hash for
each clock hour with minutes, and one for each day in China with quarters of an hour;
fields are `FIGURE|APP|HHMM`. Apps that find no room share one name, so that however
many accounts there are, a hash has a few thousand fields.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runtime.state.redis_store import RedisStore
from runtime.usage.stored_numbers import whole_numbers

CALLS, ERRORS = "calls", "errors"
SIGN_INS, SIGN_INS_REFUSED = "sign_ins", "sign_ins_refused"
PUSHES, PUSHES_REFUSED = "pushes", "pushes_refused"
RELAYS_FAILED = "relays_failed"

FIGURES = (
    CALLS,
    ERRORS,
    SIGN_INS,
    SIGN_INS_REFUSED,
    PUSHES,
    PUSHES_REFUSED,
    RELAYS_FAILED,
)

OTHER_APPS = "*"
"""Stands for the apps that found no room in a hash."""

MOST_FIELDS = 4_000
"""Fields of one hash; beyond that, new ones of an app are added to OTHER_APPS."""

MINUTE, QUARTER = 60, 900
SLOTS_OF_HOUR, SLOTS_OF_DAY = 60, 96

HOUR_SECONDS = 2 * 3600
DAY_SECONDS = 25 * 3600
"""Life of a hash after its last change, longer than what is shown of it."""

_CHINA = 8 * 3600
_WELL_RELAYED = ("done", "gone")
_RECEIVED = ("stored", "ticket")
_REFUSED = (
    "signature",
    "age",
    "key",
    "receive_id",
    "not_encrypted",
    "no_key",
    "replayed",
    "account",
    "unreadable",
    "no_token",
    "full",
    "not_acknowledged",
)
_SIGNED_IN = ("finished",)
_NO_SIGN_IN = ("refused", "expired", "failed")


def figures_of(measure: str) -> Iterator[tuple[str, str]]:
    """Yield the figures that a field of the metrics adds to, each with its app.

    Sign-ins have no app: one may lead through several.
    """
    name, *values = measure.split("|")
    match name, values:
        case "gateway_calls", [_, app, errcode]:
            yield CALLS, app
            if errcode != "0":
                yield ERRORS, app
        case "gateway_pushes", [app, outcome]:
            if outcome in _RECEIVED:
                yield PUSHES, app
            elif outcome in _REFUSED:
                yield PUSHES_REFUSED, app
        case "gateway_relays", [app, _, result] if result not in _WELL_RELAYED:
            yield RELAYS_FAILED, app
        case "gateway_sign_ins", [*_, outcome]:
            if outcome in _SIGNED_IN:
                yield SIGN_INS, ""
            elif outcome in _NO_SIGN_IN:
                yield SIGN_INS_REFUSED, ""


@lru_cache(maxsize=8)
def places_of(minute: float) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the key of the hour and of the day, each with the slot in its fields."""
    return (hour_key(minute), _form("%H%M", minute)), (
        day_key(minute),
        _form("%H%M", minute // QUARTER * QUARTER),
    )


def hour_key(now: float) -> str:
    """Return the key of an hour, such as `gateway:history:{2027011516}`."""
    return f"gateway:history:{{{_form('%Y%m%d%H', now)}}}"


def day_key(now: float) -> str:
    """Return the key of a day, such as `gateway:history:{20270115}`."""
    return f"gateway:history:{{{_form('%Y%m%d', now)}}}"


def seconds_of(key: str) -> float:
    """Return how long a hash lives after its last change."""
    return HOUR_SECONDS if len(key) == len(hour_key(0)) else DAY_SECONDS


def is_history(key: str) -> bool:
    """Tell whether a key is that of an hour or a day."""
    return key.startswith("gateway:history:")


@dataclass(frozen=True, slots=True)
class Period:
    """A period in slots of equal length, the oldest first, the present one last.

    `began` is the Unix time at which the first slot begins; `numbers` are by figure and
    app.
    """

    began: float
    slot_seconds: int
    slots: int
    numbers: Mapping[tuple[str, str], Sequence[int]]

    def of(self, figure: str, app: str | None = None) -> list[int]:
        """Return a figure's number in each slot, of all apps or of one."""
        found = [
            numbers
            for (name, owner), numbers in self.numbers.items()
            if name == figure and app in (None, owner)
        ]
        return [sum(column) for column in zip(*found, strict=True)] or [0] * self.slots

    def total(self, figure: str, app: str | None = None) -> int:
        """Return a figure's number in the whole period."""
        return sum(self.of(figure, app))

    def apps(self) -> list[str]:
        """Return the apps that have any number, those with most errors first."""
        named = {app for _, app in self.numbers if app}
        # In one pass: a component may have thousands of accounts.
        sums = {place: sum(numbers) for place, numbers in self.numbers.items()}

        def worst_first(app: str) -> tuple[int, int, str]:
            return -sums.get((ERRORS, app), 0), -sums.get((CALLS, app), 0), app

        return sorted(named, key=worst_first)


class History:
    """The history as it stands in Redis."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def last_hour(self, now: float) -> Period:
        """Return the last 60 minutes, the present one included; one round trip."""
        return self._read(now, MINUTE, SLOTS_OF_HOUR, hour_key)

    def last_day(self, now: float) -> Period:
        """Return the last 96 quarters of an hour; one round trip."""
        return self._read(now, QUARTER, SLOTS_OF_DAY, day_key)

    def _read(
        self, now: float, length: int, slots: int, key_of: Callable[[float], str]
    ) -> Period:
        began = now // length * length - (slots - 1) * length
        moments = [began + place * length for place in range(slots)]
        keys = list(dict.fromkeys(key_of(moment) for moment in moments))
        places = {
            (key_of(moment), _form("%H%M", moment)): place
            for place, moment in enumerate(moments)
        }
        numbers: dict[tuple[str, str], list[int]] = {}
        for key, fields in zip(keys, self._store.fields_of_all(keys), strict=True):
            for field, number in whole_numbers(fields):
                figure, app, slot = (*field.split("|"), "", "")[:3]
                place = places.get((key, slot))
                if place is not None:
                    row = numbers.setdefault((figure, app), [0] * slots)
                    row[place] += number
        return Period(began, length, slots, numbers)


def _form(form: str, now: float) -> str:
    return time.strftime(form, time.gmtime(now + _CHINA))
