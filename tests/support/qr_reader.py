"""A reader of undamaged QR symbols of level M, by the places in ISO/IEC 18004.

It shares nothing with the writer: it takes the mask from the format information, and
finds the data by what cannot be data.
"""

from __future__ import annotations

import base64
import re

MASKS = {
    0: lambda i, j: (i + j) % 2 == 0,
    1: lambda i, j: i % 2 == 0,
    2: lambda i, j: j % 3 == 0,
    3: lambda i, j: (i + j) % 3 == 0,
    4: lambda i, j: (i // 2 + j // 3) % 2 == 0,
    5: lambda i, j: (i * j) % 2 + (i * j) % 3 == 0,
    6: lambda i, j: ((i * j) % 2 + (i * j) % 3) % 2 == 0,
    7: lambda i, j: ((i + j) % 2 + (i * j) % 3) % 2 == 0,
}
# How many blocks of how many data codewords each version has at level M.
DATA = {
    1: [16],
    2: [28],
    3: [44],
    4: [32] * 2,
    5: [43] * 2,
    6: [27] * 4,
    7: [31] * 4,
    8: [38, 38, 39, 39],
    9: [36, 36, 36, 37, 37],
}
ALIGNED = {1: [], **{v: [6, 4 * v + 10] for v in range(2, 7)}}
ALIGNED |= {7: [6, 22, 38], 8: [6, 24, 42], 9: [6, 26, 46]}


def modules_of(picture):
    """Return the rows of a symbol from the data: URI of our SVG, without its margin."""
    svg = base64.b64decode(picture.partition("base64,")[2]).decode()
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    rows = [[0] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        for place in range(int(x), int(x) + int(width)):
            rows[int(y)][place] = 1
    assert not any(map(sum, rows[:4] + rows[-4:])), "there is no quiet zone"
    return [row[4:-4] for row in rows[4:-4]]


def read(rows):
    """Return the text of a symbol."""
    size = len(rows)
    version = (size - 17) // 4
    format_ = "".join(str(rows[8][x]) for x in (0, 1, 2, 3, 4))
    bits = int(format_, 2) ^ 0b10101
    assert bits >> 3 == 0, "the level is not M"
    inverted = MASKS[bits & 7]
    stream = [
        rows[y][x] ^ inverted(y, x) for y, x in _zigzag(size) if _is_data(y, x, version)
    ]
    words = [
        int("".join(str(int(bit)) for bit in stream[at : at + 8]), 2)
        for at in range(0, len(stream) - 7, 8)
    ]
    return _text(words, DATA[version])


def _text(words, sizes):
    blocks, at = [[] for _ in sizes], 0
    for place in range(max(sizes)):
        for block, size in zip(blocks, sizes, strict=True):
            if place < size:
                block.append(words[at])
                at += 1
    text = "".join(f"{word:08b}" for block in blocks for word in block)
    assert text[:4] == "0100", "the mode is not bytes"
    length = int(text[4:12], 2)
    data = [int(text[at : at + 8], 2) for at in range(12, 12 + 8 * length, 8)]
    return bytes(data).decode()


def _zigzag(size):
    columns = [x for x in range(size - 1, -1, -1) if x != 6]
    for turn, at in enumerate(range(0, len(columns), 2)):
        ys = range(size) if turn % 2 else range(size - 1, -1, -1)
        for y in ys:
            yield y, columns[at]
            yield y, columns[at + 1]


def _is_data(y, x, version):
    size = 17 + 4 * version
    if 6 in (y, x) or (y < 9 and x < 9):
        return False
    if (y < 9 and x >= size - 8) or (y >= size - 8 and x < 9):
        return False
    if version > 6 and ((y < 6 and x >= size - 11) or (x < 6 and y >= size - 11)):
        return False
    centres = ALIGNED[version]
    for b in centres:
        for a in centres:
            corner = {(6, 6), (6, size - 7), (size - 7, 6)}
            if (b, a) not in corner and abs(y - b) < 3 and abs(x - a) < 3:
                return False
    return True
