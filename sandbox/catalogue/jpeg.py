"""A JPEG of black and white squares, which is all that a QR code is.

JPEG codes an image in blocks of 8x8 pixels: the mean of each as the difference from
the one before, then its detail. With 8 pixels to a module every block is evenly black
or white, so there are three differences and no detail. With a quantisation of ones
the mean's coefficient is 8 * (pixel - 128): -1024 for black, +1016 for white.

    block                   category  code   bits of the difference   detail
    as the one before          0      0      -                        0
    white after black         11      10     11111111000   +2040      0
    black after white         11      10     00000000111   -2040      0
    the first one, white      10      110    1111111000    +1016      0
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

SAME = "00"
TO_WHITE = "10" + "11111111000" + "0"
TO_BLACK = "10" + "00000000111" + "0"
FIRST_WHITE = "110" + "1111111000" + "0"

# Code lengths 1 to 16: how many codes of each, then the categories in their order.
MEANS = bytes([1, 1, 1] + [0] * 13) + bytes([0, 11, 10])
DETAILS = bytes([1] + [0] * 15) + bytes([0])


def draw(rows: Sequence[Sequence[bool]]) -> bytes:
    """Return the JPEG of rows of modules, True for black; the first one is white."""
    size = struct.pack("!HH", 8 * len(rows), 8 * len(rows[0]))
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            _segment(0xDB, b"\0" + bytes([1]) * 64),
            _segment(0xC0, b"\x08" + size + b"\x01\x01\x11\0"),
            _segment(0xC4, b"\x00" + MEANS),
            _segment(0xC4, b"\x10" + DETAILS),
            _segment(0xDA, b"\x01\x01\0\0\x3f\0"),
            _scan(rows),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack("!BBH", 0xFF, marker, len(content) + 2) + content


def _scan(rows: Sequence[Sequence[bool]]) -> bytes:
    bits = "".join(_codes(rows))
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big")
    # Behind FF comes a marker, unless a zero says that it was data.
    return scan.replace(b"\xff", b"\xff\0")


def _codes(rows: Sequence[Sequence[bool]]) -> Iterator[str]:
    yield FIRST_WHITE
    before = False
    for module in [module for row in rows for module in row][1:]:
        change = TO_BLACK if module else TO_WHITE
        yield SAME if module == before else change
        before = module
