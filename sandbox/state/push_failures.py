"""Failures of an account's pushes, for which WeChat pauses it ("MarkFail")."""

from __future__ import annotations

# How many failures are too many is not confirmed: neither of pushes in a row, nor of
# deliveries in a minute. The default of WeChat's own alarm is 30 in five minutes.
# That the pause is about a minute and ends by itself is.
FAILURES = 3
FAILED_DELIVERIES = 30
MINUTE = 60
PAUSE = 60


class PushFailures:
    """Failed pushes in a row, failed deliveries of a minute, and the pause they cause.

    Each delivery that is not answered in time counts, even where a later one is.
    """

    def __init__(self) -> None:
        self.count = 0
        self.pauses = 0
        self.paused_until = 0.0
        self._failed_at: list[float] = []

    def note(self, *, failed: bool, now: float) -> None:
        """Count a failed push, or forget the earlier ones after a good one."""
        self.count = self.count + 1 if failed else 0
        if self.count >= FAILURES:
            self._pause(now)

    def note_delivery(self, *, now: float) -> None:
        """Count a failed delivery."""
        self._failed_at.append(now)
        if self.deliveries(now) >= FAILED_DELIVERIES:
            self._pause(now)

    def deliveries(self, now: float) -> int:
        """Return how many deliveries of the last minute have failed."""
        self._failed_at = [at for at in self._failed_at if at > now - MINUTE]
        return len(self._failed_at)

    def paused(self, now: float) -> bool:
        """Tell whether the account gets no pushes now."""
        return now < self.paused_until

    def _pause(self, now: float) -> None:
        self.pauses += not self.paused(now)
        self.count, self.paused_until = 0, now + PAUSE
        self._failed_at = []
