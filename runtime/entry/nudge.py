"""Nudges: the function deliver is started now, before its timer does it.

    nudge(request.context, gateway)

On Function Compute that is one request of at most 1.5 s with the role's key, on the
local host a thread of this process. While a round of deliver is under way or being
started nothing is sent, so a flood of pushes starts few. Without the right to it all
works as well, up to a minute later.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from runtime.gateway import Gateway

STARTED, UNDER_WAY = "started", "under_way"

PAUSE_SECONDS = 30.0
"""After a failure, because each attempt costs its caller time."""

LOG_SECONDS = 60.0

_NOWHERE = "no_platform"
"""What a context of another server comes to, which can start nothing."""

_FUNCTION = "deliver"

_NOBODY = "-"
"""The client and the app in the counts."""

log = logging.getLogger("gateway.push")


class Nudges:
    """The starts of deliver by one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._paused_until = self._logged_at = float("-inf")
        self._failed = 0
        self._reason = ""

    def nudge(self, context: Any, gateway: Gateway, *, at_once: bool = False) -> str:
        """Start deliver; return STARTED, UNDER_WAY, or why it is not started.

        `context` is the platform's, of the call that is being answered. With `at_once`
        another round is started even if one is under way. For a while after a failure
        nothing is tried, and the reason stays the same. It never raises.
        """
        try:
            if start := getattr(context, "start_function", None):  # the local host's
                start(_FUNCTION)
                return STARTED
            if not getattr(context, "account_id", ""):
                return _NOWHERE
            if self._clock() < self._paused_until:
                return self._reason
            if not (at_once or gateway.rounds.announce()):
                return UNDER_WAY
            outcome = gateway.function_compute.start(context, _FUNCTION)
            if outcome != STARTED and not at_once:
                gateway.rounds.end()
        except Exception as error:
            outcome = type(error).__name__
        self._note(outcome, gateway)
        return outcome

    def _note(self, outcome: str, gateway: Gateway) -> None:
        is_started = outcome == STARTED
        path = f"/nudge/{'started' if is_started else 'not_started'}"
        gateway.counters.add(_NOBODY, _NOBODY, path, errcode=0)
        if is_started:
            return
        with self._lock:
            now = self._clock()
            self._paused_until, self._reason = now + PAUSE_SECONDS, outcome
            self._failed += 1
            if now < self._logged_at + LOG_SECONDS:
                return
            failed, self._failed, self._logged_at = self._failed, 0, now
        log.warning("deliver not started, %s: %d attempts", outcome, failed)


_of_this_process = Nudges()


def nudge(context: Any, gateway: Gateway, *, at_once: bool = False) -> str:
    """Start deliver for what has just become due, as `Nudges.nudge` does."""
    return _of_this_process.nudge(context, gateway, at_once=at_once)
