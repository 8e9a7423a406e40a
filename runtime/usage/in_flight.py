"""Calls in flight: how many calls of a process wait for WeChat, in all and by client.

Function Compute runs one call at a time in a process, so only the local host gets near
the limits.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.errors import Overloaded

CALLS = 256


class CallsInFlight:
    """Calls in flight, at most `most`, and half of them for one client.

    So one client whose calls are slow leaves room for the others.
    """

    def __init__(self, most: int = CALLS) -> None:
        self._lock = threading.Lock()
        self._by_client: Counter[str] = Counter()
        self.limit(most)

    def limit(self, most: int) -> None:
        """Change the limit."""
        self._most = most
        self._most_of_client = max(1, most // 2)

    @property
    def number(self) -> int:
        """Return how many calls are in flight now."""
        return self._by_client.total()

    @contextmanager
    def counted(self, client_id: str) -> Iterator[None]:
        """Count a call of the client while it lasts; Overloaded at a limit."""
        with self._lock:
            of_client = self._by_client[client_id]
            if self.number >= self._most or of_client >= self._most_of_client:
                raise Overloaded
            self._by_client[client_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._by_client[client_id] -= 1
                if not self._by_client[client_id]:
                    del self._by_client[client_id]


of_this_process = CallsInFlight()
"""The calls of all gateways of the process; the local host sets their limit."""

sign_ins_of_this_process = CallsInFlight()
"""Its sign-ins that wait for WeChat: apart, so that neither fills the other's place."""
