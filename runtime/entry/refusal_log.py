"""Log of refused requests: one line each, but a flood of them cannot fill the log.

Anybody can send requests that are refused. Of each function and code a process writes
so many lines a minute; the others are counted, and the next line after that minute
tells how many they were.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from runtime.errors import GatewayError
from runtime.web.line_limit import LineLimit

log = logging.getLogger("gateway")


class RefusalLog:
    """The lines of one function in one process."""

    def __init__(
        self, mount: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._mount = mount
        self._limit = LineLimit(clock=clock)

    def write(self, request_id: str, error: GatewayError) -> None:
        """Write why a request is refused, or count it."""
        left_out = self._limit.count(error.code)
        if left_out is None:
            return
        cause = f": {error.cause}" if error.cause else ""
        more = f" ({left_out} more were left out)" if left_out else ""
        log.info("%s %s: %s%s%s", request_id, self._mount, error.code, cause, more)
