"""Durations for people; what programs read has seconds."""

from __future__ import annotations

from management.words import N_, Words

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float, words: Words) -> str:
    """Return a duration in its two largest units, rounded down, such as `1h 58m`.

    From two days on it has days alone.
    """
    whole = max(0, int(seconds))
    days, hours = whole // _DAY, whole % _DAY // _HOUR
    minutes = whole % _HOUR // _MINUTE
    if days > 1:
        return words.filled("{1} days", days)
    if days:
        return words.filled("1 day {1}h" if hours else N_("1 day"), hours)
    if hours:
        return words.filled("{1}h {2}m" if minutes else N_("{1}h"), hours, minutes)
    if minutes:
        return words.filled(N_("{1}m"), minutes)
    return words.filled(N_("{1}s"), whole)
