"""Times and spans of time for readers; moments are China's, as the days of quotas."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from runtime.errors import N_

CHINA_SECONDS = 8 * 3600

_SPANS = (
    (2 * 86400, 86400, N_("%(n)d days")),
    (2 * 3600, 3600, N_("%(n)d h")),
    (120, 60, N_("%(n)d min")),
    (0, 1, N_("%(n)d s")),
)
"""From how many seconds on, in what unit, with which words."""

Words = Callable[[str], str]


def moment(at: float | str | None) -> str:
    """Return Unix time, or a text in ISO's format, as `2027-01-15 16:00:05`; or "–"."""
    if at is None or at == "":
        return "–"
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at).timestamp()
        except ValueError:
            return "–"
    return time.strftime("%Y-%m-%d\u00a0%H:%M:%S", time.gmtime(at + CHINA_SECONDS))


def span(seconds: float | None, words: Words) -> str:
    """Return so many seconds in one unit, such as `5 min`; "–" for None."""
    if seconds is None:
        return "–"
    for least, unit, text in _SPANS:
        if seconds >= least:
            return words(text) % {"n": seconds // unit}
    return words(_SPANS[-1][2]) % {"n": 0}
