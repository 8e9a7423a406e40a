"""Metrics: what is counted and measured, as it stands in Redis until it is asked for.

The fields of one hash are numbers: of a counter `NAME|VALUE|...`, in the order of its
labels; of a histogram the same with the index of a bucket, or `sum` in microseconds.
No label holds an openid, a token, or anything that a caller makes up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from runtime.usage.counters import Counters

BUCKETS = (0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Upper bounds in seconds; an eighth bucket has no bound."""

SUM = "sum"


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter; its name in OpenMetrics ends with `_total`."""

    name: str
    help: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """A histogram of seconds, with BUCKETS."""

    name: str
    help: str
    labels: tuple[str, ...]


CALLS = Counted("gateway_calls", "Proxied calls.", ("client", "app", "errcode"))
UPSTREAM_CALLS = Counted(
    "gateway_upstream_calls",
    "Attempts at the platform's API, -1 where it did not answer.",
    ("app", "errcode"),
)
UPSTREAM_SECONDS = Timed(
    "gateway_upstream_seconds",
    "Time that the platform took for a proxied call, with all attempts.",
    ("app", "path_class"),
)
OWN_SECONDS = Timed(
    "gateway_own_seconds",
    "Time that the gateway took for a proxied call, without the platform's.",
    ("app", "path_class"),
)
FETCHES = Counted(
    "gateway_credential_fetches",
    "Fetches of a credential: stored, refused by the platform, failed, late if "
    "another process was faster, or unsaved because Redis was away.",
    ("app", "credential", "result"),
)
LEASE_CONFLICTS = Counted(
    "gateway_lease_conflicts",
    "Callers that found another process fetching.",
    ("app", "credential"),
)
LIMITED = Counted(
    "gateway_limited",
    "Requests that a limit has refused.",
    ("limit",),
)
PUSHES = Counted(
    "gateway_pushes",
    "Pushes that arrived; the outcome is stored, equal, full or why it was refused.",
    ("app", "outcome"),
)
RELAYS = Counted(
    "gateway_relays",
    "Deliveries to targets by result.",
    ("app", "target", "result"),
)
SIGN_INS = Counted(
    "gateway_sign_ins",
    "Sign-ins by way: started, finished, refused, expired or failed.",
    ("way", "outcome"),
)
DROPPED = Counted(
    "gateway_series_dropped",
    "Counts without a series of their own, because there are too many series.",
    (),
)

COUNTED = (
    CALLS,
    UPSTREAM_CALLS,
    FETCHES,
    LEASE_CONFLICTS,
    LIMITED,
    PUSHES,
    RELAYS,
    SIGN_INS,
    DROPPED,
)
TIMED = (UPSTREAM_SECONDS, OWN_SECONDS)


class Metrics:
    """The metrics of a process; Redis gets them with the counts of calls.

    Where a call is counted, `counted` and `timed` make the measures that go with it.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def count(self, what: Counted, *values: str, by: int = 1) -> None:
        """Add to a counter with these values of its labels."""
        self._counters.add_measures({field_of(what.name, values): by})


def counted(what: Counted, *values: str, by: int = 1) -> dict[str, int]:
    """Return the field of a counter and what is added to it."""
    return {field_of(what.name, values): by}


def timed(what: Timed, *values: str, seconds: float) -> dict[str, int]:
    """Return the fields of a histogram and what one measurement adds to them."""
    name = field_of(what.name, values)
    bucket = bisect_left(BUCKETS, seconds)
    return {f"{name}|{bucket}": 1, f"{name}|{SUM}": round(seconds * 1_000_000)}


def field_of(name: str, values: Iterable[str]) -> str:
    """Return the field for these values; what could end one is replaced."""
    return "|".join((name, *(each.replace("|", "_") for each in values)))


_CLASSES = (
    ("/cgi-bin/message/", "message"),
    ("/cgi-bin/user/", "user"),
    ("/cgi-bin/tags/", "user"),
    ("/cgi-bin/media/", "media"),
    ("/cgi-bin/material/", "media"),
    ("/cgi-bin/component/", "component"),
    ("/cgi-bin/", "cgi-bin"),
    ("/wxa", "wxa"),
    ("/sns/", "sns"),
)


def path_class(path: str) -> str:
    """Return the class of an API path, one of ten."""
    found = (name for prefix, name in _CLASSES if path.startswith(prefix))
    return next(found, "other")
