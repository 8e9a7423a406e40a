"""Parametric QR codes of one account."""

from __future__ import annotations

from dataclasses import dataclass

MOST_PERMANENT = 100_000


@dataclass(frozen=True, slots=True)
class QrCode:
    """One code; `scene` is a number or a text, a permanent one never expires."""

    ticket: str
    url: str
    scene: int | str
    expires_at: float | None = None

    def alive(self, now: float) -> bool:
        """Tell whether the code can still be shown and scanned."""
        return self.expires_at is None or now < self.expires_at


class QrCodes:
    """Codes by ticket; a permanent scene has one code for good."""

    def __init__(self) -> None:
        self._by_ticket: dict[str, QrCode] = {}
        self._permanent: dict[int | str, QrCode] = {}

    def permanent(self, scene: int | str) -> QrCode | None:
        """Return the permanent code of a scene."""
        return self._permanent.get(scene)

    def full(self) -> bool:
        """Tell whether no more permanent codes may be made."""
        return len(self._permanent) >= MOST_PERMANENT

    def put(self, code: QrCode) -> None:
        """Store one; it is permanent if it does not expire."""
        self._by_ticket[code.ticket] = code
        if code.expires_at is None:
            self._permanent[code.scene] = code

    def find(self, ticket: str, *, now: float) -> QrCode | None:
        """Return the living code of a ticket."""
        code = self._by_ticket.get(ticket)
        return code if code is not None and code.alive(now) else None

    def read(self, url: str, *, now: float) -> QrCode | None:
        """Return the living code whose picture has this text."""
        return next((code for code in self._alive(now) if code.url == url), None)

    def passing(self, *, now: float) -> list[QrCode]:
        """Return the living codes that end some day."""
        return [code for code in self._alive(now) if code.expires_at is not None]

    def _alive(self, now: float) -> list[QrCode]:
        return [code for code in self._by_ticket.values() if code.alive(now)]
