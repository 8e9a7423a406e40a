"""Failed pushes of an account in a row, for which WeChat pauses it ("MarkFail")."""

from __future__ import annotations

# How many pushes in a row must fail is not confirmed; that the pause is about a
# minute and ends by itself is.
FAILURES = 3
PAUSE = 60


class PushFailures:
    """A count of the failed pushes since the last good one, and the pause it caused."""

    def __init__(self) -> None:
        self.count = 0
        self.paused_until = 0.0

    def note(self, *, failed: bool, now: float) -> None:
        """Count a failed push, or forget the earlier ones after a good one."""
        self.count = self.count + 1 if failed else 0
        if self.count >= FAILURES:
            self.count, self.paused_until = 0, now + PAUSE

    def paused(self, now: float) -> bool:
        """Tell whether the account gets no pushes now."""
        return now < self.paused_until
