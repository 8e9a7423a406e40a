"""Bodies of answers that are passed on piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from runtime.errors import AnswerTooLarge

STREAMS = "host.streams_answers"
"""Key in the environ of a host that passes on the parts of an answer as they come."""

LARGEST_JOINED = 6 * 1024 * 1024
"""Bytes; Function Compute carries no larger answer to the caller."""


class Rest(Protocol):
    """An iterator over what follows the beginning of a body; it has to be closed."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Let go of what the pieces come from, wherever the iterator stands."""


def joined(begin: bytes, rest: Rest, *, length: int | None) -> bytes:
    """Return the whole body, and close `rest`; AnswerTooLarge beyond 6 MB."""
    try:
        if (length or 0) > LARGEST_JOINED:
            raise AnswerTooLarge
        content = bytearray(begin)
        for piece in rest:
            content += piece
            if len(content) > LARGEST_JOINED:
                raise AnswerTooLarge
        return bytes(content)
    finally:
        rest.close()
