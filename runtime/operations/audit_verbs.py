"""Commands on the audit log; they list the objects of single days, never all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from runtime.documents.audit_objects import AuditObjects
from runtime.gateway import Gateway
from runtime.registry.rules import Fault, text, whole
from runtime.registry.schema import InvalidDocument, checked_fields

DAYS = 7
"""Days that are searched where none is named, today included."""

MOST_DAYS = 366

MOST = 50
"""Acts that are listed where no other number is given."""

MOST_READ = 2000
"""Acts that one command reads to find those that are wanted."""

PAGE = 200
"""Acts in one answer of an export."""

PAGE_CHARACTERS = 2_000_000
"""After so many of JSON an answer ends earlier: one on FC may have 6 MB."""

_READERS = 8


def _day(value: Any) -> date:
    form = text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, as 2026-03-01")
    try:
        return date.fromisoformat(form(value))
    except ValueError:
        raise Fault("must be a day of the calendar") from None


_NAME = text(r"[0-9-]{10}/[0-9.]{13}-[0-9a-f]{12}", "what the call before gave")


@dataclass(frozen=True, slots=True)
class Found:
    """Acts by their names, and the last one looked at, `next`, if there are more."""

    acts: Sequence[tuple[str, Mapping[str, Any]]]
    next: str | None = None


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return acts of operators, the newest first.

    `more` tells that older ones within these days were not looked at.
    """
    found = search(gateway, arguments)
    rows = [row_of(act) for _, act in found.acts]
    return {"acts": rows, "more": found.next is not None}


def search(
    gateway: Gateway, arguments: Mapping[str, Any], *, before: str = ""
) -> Found:
    """Return the acts that `audit list` lists, or those older than an act."""
    rules = {
        **{"day": _day, "since": _day, "most": whole(1, 500)},
        "of_noun": text(r"[a-z]{1,16}", "a noun"),
        "who": text(r"[A-Za-z0-9._@-]{1,200}", "a key id, or user@host"),
    }
    known = checked_fields(arguments, rules)
    if before:
        checked_fields({"before": before}, {"before": _NAME})
    fields = {"noun": "of_noun", "who": "who"}
    wanted = {name: known[given] for name, given in fields.items() if given in known}
    found: list[tuple[str, dict[str, Any]]] = []
    most, count, last = known.get("most", MOST), 0, ""
    audit = gateway.documents.audit
    for names in _pages(audit, _days(gateway, known), before):
        for name, act in _read(audit, names):
            if len(found) == most or count == MOST_READ:
                return Found(found, next=last)
            count, last = count + 1, name
            if all(act.get(field) == value for field, value in wanted.items()):
                found.append((name, act))
    return Found(found)


def export(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return acts of one day with all that is known of them, the oldest first.

    `next`, if it is not None, is `after` of the call that continues.
    """
    rules = {"day": _day, "after": _NAME}
    known = checked_fields(arguments, rules, needed=("day",))
    audit = gateway.documents.audit
    names = audit.of_day(known["day"].isoformat())
    left = [name for name in names if name > known.get("after", "")]
    acts: list[dict[str, Any]] = []
    size, done = 0, 0
    while done < min(len(left), PAGE) and size < PAGE_CHARACTERS:
        names = left[done : min(done + _READERS, PAGE)]
        found = [act for _, act in _read(audit, names)]
        acts += found
        size += sum(len(json.dumps(act)) for act in found)
        done += len(names)
    return {"acts": acts, "next": left[done - 1] if len(left) > done else None}


def _days(gateway: Gateway, known: Mapping[str, Any]) -> list[str]:
    """Return the days to search, the newest first."""
    if "day" in known:
        if "since" in known:
            raise InvalidDocument("since", "does not go with day")
        return [known["day"].isoformat()]
    today = datetime.fromtimestamp(gateway.clock(), timezone.utc).date()
    since = known.get("since", today - timedelta(DAYS - 1))
    count = (today - since).days + 1
    if count > MOST_DAYS:
        raise InvalidDocument("since", f"must be within {MOST_DAYS} days")
    return [(today - timedelta(back)).isoformat() for back in range(count)]


def _pages(audit: AuditObjects, days: list[str], before: str) -> Iterator[list[str]]:
    for day in days:
        if before and day > before[:10]:
            continue
        names = audit.of_day(day)[::-1]
        names = [name for name in names if not before or name < before]
        for start in range(0, len(names), MOST):
            yield names[start : start + MOST]


def _read(
    audit: AuditObjects, names: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    def read(name: str) -> dict[str, Any] | None:
        try:
            return audit.read(name)
        except FileNotFoundError:  # its time was over in this moment
            return None

    with ThreadPoolExecutor(_READERS) as readers:
        found = list(readers.map(read, names))
    yield from (
        (name, each)
        for name, each in zip(names, found, strict=True)
        if each is not None
    )


def row_of(act: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a table shows of an act."""
    names = act.get("names") or {}
    changes = act.get("changes") or ()
    changed = [f"{each.get('document')}:{each.get('version')}" for each in changes]
    return {
        "time": re.sub(r"\.[0-9]{6}", "", str(act.get("time", ""))),
        "who": act.get("who"),
        "from": act.get("from") or None,
        "what": f"{act.get('noun')} {act.get('verb')}",
        "names": [str(v) for v in names.values() if isinstance(v, (str, int))],
        "outcome": act.get("outcome"),
        "changed": changed,
    }
