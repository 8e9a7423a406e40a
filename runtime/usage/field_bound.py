"""Bound of the fields of Redis' hashes, as far as one process knows them.

Other processes may have written a field: the size of a hash in Redis, as it was at the
last write, bounds only what this process adds to it.
"""

from __future__ import annotations

from collections.abc import Mapping


class FieldBound:
    """The fields that a process has written, and the sizes of their hashes."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}
        self._sizes: dict[str, int] = {}

    def admits(self, key: str, field: str, *, most: int) -> bool:
        """Tell whether the field is known, or has room and is known from now on."""
        known = self._known.setdefault(key, set())
        if field not in known:
            if max(len(known), self._sizes.get(key, 0)) >= most:
                return False
            known.add(field)
        return True

    def learn(self, sizes: Mapping[str, int]) -> None:
        """Take the sizes of all hashes that are written now; forget the others."""
        self._sizes = dict(sizes)
        self._known = {key: self._known.get(key, set()) for key in sizes}
