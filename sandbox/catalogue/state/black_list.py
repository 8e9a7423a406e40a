"""Black list of one account: blocked users get no message from it."""

from __future__ import annotations

from collections.abc import Iterable


class BlackList:
    """Blocked openids in the order they were blocked."""

    def __init__(self) -> None:
        self._openids: dict[str, None] = {}

    def __contains__(self, openid: str) -> bool:
        return openid in self._openids

    def openids(self) -> list[str]:
        """Return the blocked openids, the longest blocked first."""
        return list(self._openids)

    def put(self, openids: Iterable[str]) -> None:
        """Block them; a user who is blocked already stays at the same place."""
        for openid in openids:
            self._openids.setdefault(openid)

    def take(self, openids: Iterable[str]) -> None:
        """Unblock them; one that is not blocked is no error."""
        for openid in openids:
            self._openids.pop(openid, None)
