"""Export of the audit log: JSON lines, the oldest act first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from management.failure import Failure
from management.files import private_file

DAYS = 7
"""Days of an export where none is named, today included."""

MOST_DAYS = 3660

Perform = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def export_audit(
    perform: Perform, arguments: Mapping[str, Any], *, file: Path, now: float
) -> dict[str, Any]:
    """Write the acts of these days to a new file with mode 0600, one a line.

    `now` is Unix time. Every day is asked for by itself, in as many calls as it takes.
    """
    days = _days(arguments, today=datetime.fromtimestamp(now, timezone.utc).date())
    count = 0
    with private_file(file) as stream:
        for day in days:
            after: str | None = ""
            while after is not None:
                more = {"after": after} if after else {}
                answer = perform({"day": day.isoformat(), **more})
                for act in answer["acts"]:
                    stream.write(json.dumps(act, ensure_ascii=False) + "\n")
                count += len(answer["acts"])
                after = answer["next"]
    return {"file": str(file), "days": len(days), "acts": count}


def _days(arguments: Mapping[str, Any], *, today: date) -> list[date]:
    if "day" in arguments:
        return [_day(arguments["day"])]
    first = today - timedelta(DAYS - 1)
    if "since" in arguments:
        first = _day(arguments["since"])
    count = (today - first).days + 1
    if count > MOST_DAYS:
        raise Failure(f"--since is at most {MOST_DAYS} days ago.")
    return [first + timedelta(each) for each in range(count)]


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Failure("A day is written as 2026-03-01.") from None
