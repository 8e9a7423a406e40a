"""What a process of the gateway can reach, for probes, monitors and people.

Only what it needs itself is asked: WeChat is not, for a probe would spend its quota.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from runtime.documents.documents import Documents
from runtime.errors import ServiceUnavailable
from runtime.state.redis_store import RedisStore
from runtime.version import version

LOOK_SECONDS = 4.0
"""What has not answered by then is away; Redis and the bucket are asked at once."""

FRESH_SECONDS = 2.0
"""So long one finding answers every probe: nobody floods Redis or the bucket by us."""

log = logging.getLogger("gateway.health")


class Health:
    """Whether each thing that is needed is "ok" or "away", found by using it."""

    def __init__(
        self,
        store: RedisStore,
        documents: Documents,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # A write: a Redis that is full, or a replica, would answer a PING.
        key = f"gateway:health:{{{version()}}}"
        self._needed: dict[str, Callable[[], Any]] = {
            "redis": lambda: store.put(key, b"", seconds=60),
            "config": lambda: documents.version("clients", "health"),
        }
        self._clock = clock
        self._found: dict[str, str] = {}
        self._found_at = float("-inf")
        self._lock = threading.Lock()

    def find(self) -> dict[str, str]:
        """Return a finding that is at most two seconds old; it takes four at most."""
        with self._lock:  # who comes meanwhile wants the same answer
            if self._clock() >= self._found_at + FRESH_SECONDS:
                self._found = self._look()
                self._found_at = self._clock()
            return self._found

    def _look(self) -> dict[str, str]:
        # Threads of their own can be left behind where nobody answers: redis-py and
        # boto3 try again for longer than a probe waits.
        reached: set[str] = set()
        threads = [
            threading.Thread(target=_reach, args=(*each, reached), daemon=True)
            for each in self._needed.items()
        ]
        until = time.monotonic() + LOOK_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return {name: "ok" if name in reached else "away" for name in self._needed}


def _reach(name: str, call: Callable[[], Any], reached: set[str]) -> None:
    try:
        call()
        reached.add(name)
    except (OSError, ServiceUnavailable):
        pass  # and logged where it happened
    except Exception:
        log.exception("%s cannot be asked", name)
