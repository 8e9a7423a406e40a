"""Reach of WeCom: whether it takes calls from here, and which address it sees.

One business call of an app tells; gettoken, which works from any address, does not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

from runtime.errors import ServiceUnavailable
from runtime.registry.models import App
from runtime.wecom.calls import BusinessCall, WeComCalls
from runtime.wecom.errors import NOT_ALLOWED

FRESH_SECONDS = 60.0
"""The time for which one result answers everybody who asks this process."""


class WeComReach:
    """The state of WeCom as calls find it; nobody's question costs a call a second."""

    def __init__(
        self,
        calls: Callable[[], WeComCalls],
        apps: Callable[[], Sequence[App]],
        *,
        refused: Callable[[], Collection[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._apps = apps
        self._refused = refused
        self._clock = clock
        self._found: dict[str, str] = {}
        self._found_at = float("-inf")
        self._lock = threading.Lock()

    def find(self) -> dict[str, str]:
        """Return `wecom` and `wecom_address`, of a minute ago at most; {} for no app.

        `wecom` is "ok", "address_not_allowed", or of another error "refused" or "away".
        """
        with self._lock:
            if self._clock() >= self._found_at + FRESH_SECONDS:
                self._found = self._look()
                self._found_at = self._clock()
            return self._found

    def _look(self) -> dict[str, str]:
        try:
            refused = self._refused()
            apps = sorted(self._apps(), key=lambda app: app.appid not in refused)
            if not apps:
                return {}
            tried = self._calls().try_business_call(apps[0])
        except ServiceUnavailable:  # told as such beside it
            return {}
        address = {"wecom_address": tried.address} if tried.address else {}
        return {"wecom": _state(tried), **address}


def _state(tried: BusinessCall) -> str:
    if tried.error is None:
        return "ok"
    if tried.error.errcode == NOT_ALLOWED:
        return "address_not_allowed"
    return "away" if tried.error.errcode == -1 else "refused"
