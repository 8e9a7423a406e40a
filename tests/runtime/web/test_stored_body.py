"""Bodies of requests that are stored: read from any stream, and more than once."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from runtime.errors import PayloadTooLarge
from runtime.web.stored_body import IN_MEMORY, StoredBody, pieces_of, read_stored

MB = 1024 * 1024


class Stream(io.RawIOBase):
    """A stream that cannot be read again, and gives little at a time."""

    def __init__(self, size):
        self.left = size

    def read(self, size=-1):
        assert 0 <= size <= MB
        given = min(size, self.left, 10_000)
        self.left -= given
        return b"x" * given


@pytest.mark.parametrize("size", [0, 1, 5000, IN_MEMORY])
def test_a_small_body_is_bytes(size):
    """It may come from any stream."""
    assert read_stored(io.BytesIO(b"x" * size), size=size, most=2 * MB) == b"x" * size


def test_a_large_body_goes_to_a_file():
    """Piece by piece, and comes from there as often as it is asked for."""
    tracemalloc.start()
    try:
        body = read_stored(Stream(20 * MB), size=20 * MB, most=32 * MB)
        sizes = [sum(map(len, pieces_of(body))) for _ in range(2)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(body, StoredBody)
    body.close()

    assert body.file.closed
    assert (len(body), sizes) == (20 * MB, [20 * MB, 20 * MB])
    assert peak < 2 * MB


def test_a_stream_that_can_be_read_again_is_not_copied():
    """And no more of it is read than belongs to the body."""
    stream = io.BytesIO(b"x" * 3 * MB + b"next request")
    body = read_stored(stream, size=3 * MB, most=32 * MB)

    body.close()
    assert body.file is stream
    assert b"".join(body.pieces()) == b"x" * 3 * MB


@pytest.mark.parametrize("stream", [Stream(4 * MB), io.BytesIO(bytes(4 * MB))])
def test_more_than_may_come_is_refused(stream):
    """Where the length was not known, as of chunks."""
    with pytest.raises(PayloadTooLarge):
        read_stored(stream, size=3 * MB + 1, most=3 * MB)


def test_a_body_without_a_length_ends_with_its_stream():
    """Its size is what came."""
    body = read_stored(Stream(2 * MB), size=32 * MB + 1, most=32 * MB)

    assert len(body) == 2 * MB == sum(map(len, body.pieces()))
    body.close()


def test_a_file_that_was_cut_is_an_error():
    """What follows would be taken for the rest of it."""
    body = StoredBody(10, io.BytesIO(b"short"))
    with pytest.raises(EOFError):
        list(body.pieces())


def test_pieces_of_bytes():
    """One, or none."""
    assert (list(pieces_of(b"ab")), list(pieces_of(b""))) == ([b"ab"], [])
