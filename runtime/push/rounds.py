"""Rounds of deliver: whether one is under way, for all processes.

Whoever has stored something that is due starts a round unless one is under way. A
round that finds nothing due says first that it ends, and then looks once more: what was
stored before is found, and for what is stored later another round is started.
"""

from __future__ import annotations

from runtime.push.queue_scripts import KEY
from runtime.state.redis_store import RedisStore

SECONDS = 5.0
"""How long a round counts as under way after its last sign of life, or its start."""

_KEY = f"{KEY}:round"


class Rounds:
    """The sign of a round, in the Redis of pushes."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def announce(self) -> bool:
        """Say that a round is being started; False if one is under way."""
        return self._store.add(_KEY, b"", seconds=SECONDS)

    def go_on(self) -> None:
        """Say that a round is under way."""
        self._store.put(_KEY, b"", seconds=SECONDS)

    def end(self) -> None:
        """Say that none is."""
        self._store.remove(_KEY)
