"""Health: whether a process of the gateway reaches Redis and the config service.

WeChat is not asked, because each probe would use its quota.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from runtime.documents.documents import Documents
from runtime.errors import RedisFault, RefusedByRedis, ServiceUnavailable
from runtime.state.redis_store import RedisStore
from runtime.version import version

LOOK_SECONDS = 4.0
"""After this time what has not answered counts as away; both are asked at once."""

COUNT_SECONDS = 0.5
"""So long a probe waits for the number of documents that cannot be read."""

FRESH_SECONDS = 2.0
"""The time for which one result answers every probe, so that a flood of probes does not
reach Redis or the bucket."""

log = logging.getLogger("gateway.health")


class Health:
    """The state of Redis and the config service, found by use.

    It is "ok", "away", or of a Redis that answers: "other_deployment" if it belongs to
    another one, "refused" if it refuses a command or a script, "untrusted" if its
    certificate is not trusted. A Redis of its own for pushes is needed as well.
    """

    def __init__(
        self,
        store: RedisStore,
        documents: Documents,
        *,
        unreadable: Callable[[], int] = lambda: 0,
        tickets: Callable[[], dict[str, Any]] = dict,
        push_store: RedisStore | None = None,
        wechat_proxy: Callable[[], object] | None = None,
        login_client: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        # A Redis that is full, or refuses a command, would answer a PING.
        def use(used: RedisStore) -> None:
            used.try_commands(version())
            used.check_deployment()

        self._needed: dict[str, Callable[[], Any]] = {
            "redis": lambda: use(store),
            "config": lambda: documents.version("clients", "health"),
        }
        if push_store:
            self._needed["push_redis"] = lambda: use(push_store)
        if wechat_proxy:
            self._needed["wechat_proxy"] = wechat_proxy
        self._count_unreadable = unreadable
        self._unreadable = 0
        self._ask_tickets = tickets
        self._tickets: dict[str, Any] = {}
        self._open_login_client = login_client
        self._login_client = ""
        self._clock = clock
        self._look_seconds = look_seconds
        self._faults: dict[str, RedisFault] = {}
        self._found: dict[str, str] = {}
        self._found_at = float("-inf")
        self._lock = threading.Lock()

    def find(self) -> dict[str, str]:
        """Return a result that is at most two seconds old; it takes at most four."""
        with self._lock:  # concurrent probes wait for the same result
            if self._clock() >= self._found_at + FRESH_SECONDS:
                self._found = self._look()
                self._found_at = self._clock()
            return self._found

    def refused(self) -> dict[str, tuple[str, ...]]:
        """Return the commands that each Redis refuses, {} for none."""
        return {
            name: fault.commands
            for name, fault in self._faults.items()
            if isinstance(fault, RefusedByRedis)
        }

    def explanations(self) -> dict[str, str]:
        """Return, for operators only, why a Redis that answers cannot be used."""
        return {name: fault.explanation for name, fault in self._faults.items()}

    def unreadable(self) -> int:
        """Return how many documents cannot be read, as far as is known."""
        return self._unreadable

    def tickets(self) -> dict[str, Any]:
        """Return the state of the verify tickets, as far as is known; {} for none."""
        return self._tickets

    def login_client(self) -> str:
        """Return "ok", "missing" or "unreadable"; "" if it is not known.

        It is unreadable if a document of LOGIN_CLIENT or of its apps cannot be opened,
        as with wrong MASTER_KEYS: nobody can sign in then.
        """
        return self._login_client

    def _look(self) -> dict[str, str]:
        # In threads, which can be left behind: redis-py and boto3 retry for longer than
        # a probe waits.
        states: dict[str, str] = {}
        faults: dict[str, RedisFault] = {}
        asked = {**self._needed, "login_client": self._open_login_client}
        threads = [
            threading.Thread(target=_reach, args=(*each, states, faults), daemon=True)
            for each in asked.items()
        ]
        count = threading.Thread(target=self._count, daemon=True)
        count.start()
        until = time.monotonic() + self._look_seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        count.join(COUNT_SECONDS)  # it matters less than what is away
        self._login_client = states.get("login_client", "")
        self._faults = dict(faults)
        return {name: states.get(name, "away") for name in self._needed}

    def _count(self) -> None:
        with suppress(ServiceUnavailable):
            self._unreadable = self._count_unreadable()
            self._tickets = self._ask_tickets()


def _reach(
    name: str,
    call: Callable[[], Any],
    states: dict[str, str],
    faults: dict[str, RedisFault],
) -> None:
    try:
        found = call()
        states[name] = found if isinstance(found, str) else "ok"
    except RedisFault as fault:
        states[name], faults[name] = fault.state, fault
        log.error("%s: %s", name, fault.explanation)
    except (OSError, ServiceUnavailable):
        pass  # logged where it was raised
    except Exception:
        log.exception("%s cannot be asked", name)
