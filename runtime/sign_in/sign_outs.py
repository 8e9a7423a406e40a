"""Signing one person out everywhere: what began up to then is dead.

One key per person that was signed out, and none per session: a session that begins at
the same moment can be missed by no list.
"""

from __future__ import annotations

from runtime.crypto.encoding import sha256_hex
from runtime.state.redis_store import RedisStore


class SignOuts:
    """Remembers when whom, for as long as anything older could live."""

    def __init__(self, store: RedisStore, *, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    def end_all(self, sub: str, *, now: float) -> None:
        """Let every session and token of this person that began up to now be dead."""
        self._store.put(_key(sub), str(int(now)).encode(), seconds=self._seconds)

    def have_ended(self, sub: str, *, since: int) -> bool:
        """Tell whether what began at `since` (unix seconds) has been ended."""
        at = self._store.get(_key(sub))
        return at is not None and since <= int(at)


def _key(sub: str) -> str:
    # The key names nobody: keys are listed and logged.
    return f"gateway:signed_out:{{{sha256_hex(sub)}}}"
