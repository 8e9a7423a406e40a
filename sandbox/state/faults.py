"""Faults defined for the next calls of a path."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One of: an errcode, an HTTP status, a delay, a dropped connection, a body."""

    errcode: int | None = None
    status: int | None = None
    delay_ms: int | None = None
    drop: bool | None = None
    body: str | None = None

    @property
    def name(self) -> str:
        """Return which of them it is."""
        return next(name for name, value in asdict(self).items() if value is not None)


class Faults:
    """Ordered faults, each given out as often as was asked, oldest first."""

    def __init__(self) -> None:
        self._faults: dict[str, deque[Fault]] = {}

    def order(self, path: str, fault: Fault, *, times: int) -> None:
        """Let the next calls of that path misbehave."""
        self._faults.setdefault(path, deque()).extend([fault] * times)

    def take(self, path: str) -> Fault | None:
        """Return the fault for this call of the path, if one was ordered."""
        queue = self._faults.get(path)
        return queue.popleft() if queue else None
