"""Objects of the audit log: create-only, beside the documents, and none of these.

    audit/{day}/{time}-{id}.json          who begins what, written before it
    audit/{day}/{time}-{id}.outcome.json  what came of it, written after it

Day and time are UTC's at the begin. An act without an outcome was interrupted, or its
outcome could not be written.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from runtime.documents.store import ObjectStore, StoreAway, VersionExists

FOLDER = "audit"

UNKNOWN = "unknown"
"""The outcome of an act that has none in the store."""

_OUTCOME = ".outcome"
_NAME = re.compile(r"[0-9]{6}\.[0-9]{6}-[0-9a-f]{12}")
_ATTEMPTS = 3


def _draw() -> str:
    return secrets.token_hex(6)


class AuditObjects:
    """Acts of operators, by day; every fault is an OSError."""

    def __init__(self, store: ObjectStore, *, draw: Callable[[], str] = _draw) -> None:
        self._store = store
        self._draw = draw

    def begin(self, act: Mapping[str, Any], *, now: float) -> str:
        """Write what begins at `now`, Unix time; return `{day}/{time}-{id}`."""
        for _ in range(_ATTEMPTS):
            name, content = self.begun(act, now=now)
            try:
                self._store.create_object(f"{FOLDER}/{name}", content)
            except VersionExists:  # another operator's act of this microsecond
                continue
            return name
        raise StoreAway("PutObject: no free name")

    def end(self, name: str, outcome: Mapping[str, Any], *, now: float) -> None:
        """Write what came of an act."""
        place, content = self.ended(name, outcome, now=now)
        self._store.create_object(f"{FOLDER}/{place}", content)

    def begun(self, act: Mapping[str, Any], *, now: float) -> tuple[str, bytes]:
        """Return the name and the content of an object that `begin` writes."""
        at, id_ = datetime.fromtimestamp(now, timezone.utc), self._draw()
        name = f"{at:%Y-%m-%d}/{at:%H%M%S.%f}-{id_}"
        return name, _as_bytes({"id": id_, "time": _iso(at), **act})

    def ended(
        self, name: str, outcome: Mapping[str, Any], *, now: float
    ) -> tuple[str, bytes]:
        """Return the name and the content of the object that `end` writes."""
        ended = _iso(datetime.fromtimestamp(now, timezone.utc))
        return f"{name}{_OUTCOME}", _as_bytes({**outcome, "ended": ended})

    def put(self, name: str, content: bytes) -> None:
        """Write an object that has waited, unless it is there."""
        with suppress(VersionExists):
            self._store.create_object(f"{FOLDER}/{name}", content)

    def of_day(self, day: str) -> list[str]:
        """Return the names of the acts that began on a day, oldest first."""
        names = self._store.object_names(f"{FOLDER}/{day}")
        return [f"{day}/{name}" for name in names if _NAME.fullmatch(name)]

    def read(self, name: str) -> dict[str, Any]:
        """Return an act with its outcome; FileNotFoundError if there is none."""
        act = _object(self._store.read_object(f"{FOLDER}/{name}"))
        try:
            ended = _object(self._store.read_object(f"{FOLDER}/{name}{_OUTCOME}"))
        except FileNotFoundError:
            ended = {"outcome": UNKNOWN}
        return {**act, **ended}


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"outcome": "unreadable"}


def _as_bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
