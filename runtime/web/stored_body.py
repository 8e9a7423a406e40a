"""Bodies of requests: small ones are bytes, large ones are stored in a file.

A view of a large body is called before the body is read, and asks for it when it has
checked the caller. On the local host the body may not have come by then:

1. The host calls the function with the head, and AWAITED in the environ.
2. The view asks for the body, so the function answers with status 100.
3. The host takes the body, and calls the function again with ARRIVED.

If the function answers otherwise in step 1, that is the answer, and no body is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from runtime.errors import PayloadTooLarge

BODY = "host.body"
"""Key of the environ, with AWAITED or ARRIVED; no header can set it."""

AWAITED, ARRIVED = "awaited", "arrived"

READ_AT_ONCE = 64 * 1024
"""A body of so many bytes is read before the view is called."""

IN_MEMORY = 1024 * 1024
"""Most bytes of a body that stay in memory."""

_PIECE = 64 * 1024


# No dataclass: it would cost a cold start a millisecond.
class StoredBody:
    """A body in a file without a name, which may be read more than once.

    `is_ours` tells that the file was made for this body, and not by the platform.
    """

    __slots__ = ("file", "is_ours", "size")

    def __init__(self, size: int, file: IO[bytes], *, is_ours: bool = False) -> None:
        self.size = size
        self.file = file
        self.is_ours = is_ours

    def __len__(self) -> int:
        """Return the number of bytes."""
        return self.size

    def pieces(self) -> Iterator[bytes]:
        """Yield the body from its beginning; EOFError if the file has less."""
        self.file.seek(0)
        left = self.size
        while left:
            piece = self.file.read(min(_PIECE, left))
            if not piece:
                raise EOFError
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Remove the file, if it is ours."""
        if self.is_ours:
            self.file.close()


Body = bytes | StoredBody


def pieces_of(body: Body) -> Iterator[bytes]:
    """Yield a body in pieces."""
    if isinstance(body, StoredBody):
        yield from body.pieces()
    elif body:
        yield body


def read_stored(stream: IO[bytes], *, size: int, most: int) -> Body:
    """Read `size` bytes; PayloadTooLarge if more than `most` come.

    What is larger than IN_MEMORY goes to a file, piece by piece. A stream that can be
    read again is used as it is.
    """
    if size <= IN_MEMORY:
        return stream.read(size) if size else b""
    if stream.seekable():
        size = min(size, stream.seek(0, 2))
        if size > most:
            raise PayloadTooLarge
        return StoredBody(size, stream)
    # Only where a body is that large: it is 9 ms of a cold start.
    import tempfile

    file, stored = tempfile.TemporaryFile(), 0  # noqa: SIM115 - closed with its body
    try:
        while piece := stream.read(min(_PIECE, size - stored)):
            stored += len(piece)
            if stored > most:
                raise PayloadTooLarge
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return StoredBody(stored, file, is_ours=True)
