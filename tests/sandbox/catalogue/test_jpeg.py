"""The picture is a baseline JPEG whose blocks are the modules that were drawn.

The decoder below reads the file's own tables, as any other would.
"""

import struct

from hypothesis import given
from hypothesis import strategies as st

from sandbox.catalogue.jpeg import draw

CROSS = [
    [False, False, False],
    [False, True, False],
    [True, True, True],
]


def read_segments(jpeg):
    """Return the segments by marker, several of a kind in order, and the scan."""
    segments, at = {}, 2
    while jpeg[at + 1] != 0xDA:
        marker, length = struct.unpack_from("!xBH", jpeg, at)
        segments.setdefault(marker, []).append(jpeg[at + 4 : at + 2 + length])
        at += 2 + length
    (length,) = struct.unpack_from("!H", jpeg, at + 2)
    return segments, jpeg[at + 2 + length : -2]


def read_codes(table):
    """Return a Huffman table as value by code, codes as text."""
    codes, code, values = {}, 0, iter(table[17:])
    for length, count in enumerate(table[1:17], 1):
        for _ in range(count):
            codes[f"{code:0{length}b}"] = next(values)
            code += 1
        code <<= 1
    return codes


def read_value(bits, codes):
    """Take one code from the bits and return its value."""
    code = ""
    while code not in codes:
        code += next(bits)
    return codes[code]


def read_pixels(jpeg):
    """Return width, height and the grey value of each 8x8 block, row by row."""
    segments, scan = read_segments(jpeg)
    (means, details) = (read_codes(table) for table in segments[0xC4])
    height, width = struct.unpack_from("!HH", segments[0xC0][0], 1)
    text = "".join(f"{byte:08b}" for byte in scan.replace(b"\xff\0", b"\xff"))
    bits, greys, mean = iter(text), [], 0
    for _ in range(height // 8 * (width // 8)):
        size = read_value(bits, means)
        raw = "".join(next(bits) for _ in range(size))
        if raw:
            mean += int(raw, 2) - (2**size - 1 if raw[0] == "0" else 0)
        assert read_value(bits, details) == 0
        greys.append(mean // 8 + 128)
    return width, height, greys, "".join(bits)


def test_modules_become_blocks():
    """Each module is eight by eight pixels, evenly black or white."""
    width, height, greys, rest = read_pixels(draw(CROSS))

    assert (24, 24) == (width, height)
    assert [255, 255, 255, 255, 0, 255, 0, 0, 0] == greys
    assert set(rest) <= {"1"}
    assert len(rest) < 8


def test_the_file_begins_and_ends_as_a_jpeg():
    """It says that it is JFIF, baseline, 8 bits deep and grey."""
    jpeg = draw(CROSS)
    segments, _ = read_segments(jpeg)

    assert (b"\xff\xd8", b"\xff\xd9") == (jpeg[:2], jpeg[-2:])
    assert segments[0xE0][0].startswith(b"JFIF\0")
    assert (8, 1) == (segments[0xC0][0][0], segments[0xC0][0][5])
    assert [b"\0" + bytes([1]) * 64] == segments[0xDB]


@given(st.lists(st.booleans(), min_size=1, max_size=400))
def test_every_picture_comes_back(modules):
    """Whatever the modules are, and however their bits fall into bytes."""
    row = [False, *modules]
    greys = [0 if module else 255 for module in row]

    assert greys == read_pixels(draw([row]))[2]
