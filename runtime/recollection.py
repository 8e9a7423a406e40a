"""What one process remembers of the credentials it has handed out."""

from __future__ import annotations

import threading
from collections.abc import Callable

from runtime.grants import Token


class Recollection:
    """The last value seen of each credential, for when Redis is away."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[Token, float]] = {}
        self._lock = threading.Lock()

    def see(self, name: str, token: Token) -> None:
        """Remember a value until its own end, by this process' clock."""
        with self._lock:
            self._seen[name] = token, self._clock() + token.seconds

    def last(self, name: str) -> Token | None:
        """Return the value with the life that is left of it, None if it has ended."""
        with self._lock:
            token, ends_at = self._seen.get(name, (None, 0.0))
        seconds = ends_at - self._clock()
        return Token(token.value, seconds) if token and seconds > 0 else None

    def forget(self, name: str, value: str) -> None:
        """Forget a value that WeChat refused."""
        with self._lock:
            seen = self._seen.get(name)
            if seen and seen[0].value == value:
                del self._seen[name]
