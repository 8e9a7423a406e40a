"""QR symbols by ISO/IEC 18004, of short texts in byte mode, as pictures for a page.

Of the standard only what a URL needs: error correction level M, versions 1 to 9. A
library for all of it would cost a cold start more than this page does.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise

QUIET_ZONE = 4
"""Modules of white around a symbol, without which scanners do not find it."""

# Of each version: codewords of error correction in a block, and the data codewords of
# each block; then the centres of the alignment patterns.
_BLOCKS = (
    (10, (16,)),
    (16, (28,)),
    (26, (44,)),
    (18, (32, 32)),
    (24, (43, 43)),
    (16, (27,) * 4),
    (18, (31,) * 4),
    (22, (38, 38, 39, 39)),
    (22, (36, 36, 36, 37, 37)),
)
_CENTRES: tuple[tuple[int, ...], ...] = (
    *((), (6, 18), (6, 22), (6, 26), (6, 30), (6, 34)),
    *((6, 22, 38), (6, 24, 42), (6, 26, 46)),
)

LONGEST = sum(_BLOCKS[-1][1]) - 2
"""Bytes of the longest text; mode and length take 12 bits."""

_MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda y, x: (y + x) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)

_RUNS = re.compile("0{5,}|1{5,}")
_FINDER_LIKE = re.compile("(?=10111010000|00001011101)")

Matrix = list[list[int]]


def picture_of(text: str) -> str | None:
    """Return the symbol as the data: URI of an SVG, None if the text is too long."""
    if len(text.encode()) > LONGEST:
        return None
    rows = symbol(text)
    size = len(rows) + 2 * QUIET_ZONE
    path = "".join(
        f"M{found.start() + QUIET_ZONE} {y}h{len(found[0])}v1h-{len(found[0])}z"
        for y, row in enumerate(rows, QUIET_ZONE)
        for found in re.finditer("1+", "".join(map(str, row)))
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path d="{path}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def symbol(text: str, *, mask: int | None = None) -> Matrix:
    """Return the modules, 1 for dark, in rows; ValueError if the text is too long.

    Without `mask` it is the one of the least penalty, as the standard wants.
    """
    data = text.encode()
    if len(data) > LONGEST:
        raise ValueError("the text is too long for a symbol")
    fitting = (v for v, (_, sizes) in enumerate(_BLOCKS) if len(data) + 2 <= sum(sizes))
    version = next(fitting) + 1
    masks = range(len(_MASKS)) if mask is None else (mask,)
    bits = _bits(_codewords(data, version))
    drawn, free = _function_patterns(version), _free_modules(version)
    placed = list(zip(free, bits, strict=False))
    made = (_masked(drawn, placed, free, each) for each in masks)
    return min(made, key=_penalty)


def _codewords(data: bytes, version: int) -> Iterator[int]:
    """Yield data and error correction, the blocks interleaved."""
    correction, sizes = _BLOCKS[version - 1]
    # Mode 4 (bytes) and the length take 12 bits: every byte lies across two codewords.
    nibbles = f"4{len(data):02x}{data.hex()}0"
    padded = bytes.fromhex(nibbles)
    missing = sum(sizes) - len(padded)
    padded += bytes([0xEC, 0x11] * (missing // 2 + 1))[:missing]
    blocks, start = [], 0
    for size in sizes:
        blocks.append(padded[start : start + size])
        start += size
    for place in range(max(sizes)):
        yield from (block[place] for block in blocks if place < len(block))
    remainders = [_remainder(block, correction) for block in blocks]
    for place in range(correction):
        yield from (each[place] for each in remainders)


def _bits(codewords: Iterator[int]) -> Iterator[int]:
    for codeword in codewords:
        for shift in range(7, -1, -1):
            yield codeword >> shift & 1


@lru_cache(maxsize=1)
def _powers() -> tuple[list[int], dict[int, int]]:
    """Return the powers of 2 in GF(256) with the polynomial 0x11D, and their logs."""
    powers, value = [], 1
    for _ in range(255):
        powers.append(value)
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return powers, {power: log for log, power in enumerate(powers)}


def _times(one: int, other: int) -> int:
    powers, logs = _powers()
    return powers[(logs[one] + logs[other]) % 255] if one and other else 0


@lru_cache(maxsize=len(_BLOCKS))
def _generator(degree: int) -> list[int]:
    found = [1]
    for power in _powers()[0][:degree]:
        shifted = [_times(each, power) for each in found]
        found = [a ^ b for a, b in zip([*found, 0], [0, *shifted], strict=True)]
    return found[1:]


def _remainder(block: bytes, degree: int) -> list[int]:
    """Return the Reed-Solomon codewords of a block."""
    rest = [0] * degree
    for codeword in block:
        factor = codeword ^ rest[0]
        added = (_times(each, factor) for each in _generator(degree))
        rest = [a ^ b for a, b in zip([*rest[1:], 0], added, strict=True)]
    return rest


def _function_patterns(version: int) -> Matrix:
    """Return the symbol without data and format; -1 is a module that is not drawn."""
    size = 17 + 4 * version
    rows = [[-1] * size for _ in range(size)]

    def square(top: int, left: int, picture: str) -> None:
        for y, row in enumerate(picture.split(), top):
            for x, module in enumerate(row, left):
                if 0 <= y < size and 0 <= x < size:
                    rows[y][x] = int(module)

    finder = (
        "000000000 011111110 010000010 010111010 010111010 010111010 "
        "010000010 011111110 000000000"
    )
    for top, left in ((-1, -1), (-1, size - 8), (size - 8, -1)):
        square(top, left, finder)
    for place in range(8, size - 8):
        rows[6][place] = rows[place][6] = 1 - place % 2
    centres = _CENTRES[version - 1]
    last = centres[-1] if centres else 0
    for y in centres:
        for x in centres:
            if (y, x) not in ((6, 6), (6, last), (last, 6)):
                square(y - 2, x - 2, "11111 10001 10101 10001 11111")
    if version >= 7:
        word = _with_check_bits(version, 12, 0x1F25)
        for place in range(18):
            y, x = place // 3, size - 11 + place % 3
            rows[y][x] = rows[x][y] = word >> place & 1
    for y, x, _ in _format_places(size):
        rows[y][x] = 0
    rows[size - 8][8] = 1
    return rows


def _free_modules(version: int) -> list[tuple[int, int]]:
    """Return the places of the data, in columns of two, upwards and downwards."""
    rows = _function_patterns(version)
    size, upwards, places = len(rows), True, []
    for right in (x for x in range(size - 1, 0, -2)):
        column = right if right > 6 else right - 1
        for y in range(size - 1, -1, -1) if upwards else range(size):
            places += [(y, x) for x in (column, column - 1) if rows[y][x] < 0]
        upwards = not upwards
    return places


def _masked(
    drawn: Matrix,
    placed: list[tuple[tuple[int, int], int]],
    free: list[tuple[int, int]],
    mask: int,
) -> Matrix:
    rows, inverts = [row[:] for row in drawn], _MASKS[mask]
    for y, x in free[len(placed) :]:
        rows[y][x] = int(not inverts(y, x))
    for (y, x), bit in placed:
        rows[y][x] = bit ^ (not inverts(y, x))
    # Level M is 00, so that the mask alone is left of the five bits.
    word = _with_check_bits(mask, 10, 0x537) ^ 0x5412
    for y, x, place in _format_places(len(rows)):
        rows[y][x] = word >> place & 1
    return rows


def _format_places(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield row, column and bit of both copies of the format information."""
    beside = (*range(6), 7, 8)
    for place, at in enumerate(beside):
        yield at, 8, place
        yield 8, size - 1 - place, place
    for place, at in enumerate((7, 5, 4, 3, 2, 1, 0), 8):
        yield 8, at, place
        yield size - 15 + place, 8, place


def _with_check_bits(value: int, degree: int, generator: int) -> int:
    """Return the value with the check bits of a BCH code."""
    rest = value << degree
    for shift in range(rest.bit_length() - degree - 1, -1, -1):
        if rest >> (shift + degree) & 1:
            rest ^= generator << shift
    return value << degree | rest


def _penalty(rows: Matrix) -> int:
    """Return how hard the symbol is to read, by the four rules of the standard."""
    lines = ["".join(map(str, row)) for row in rows]
    turned = ["".join(map(str, column)) for column in zip(*rows, strict=True)]
    penalty = 0
    for line in (*lines, *turned):
        penalty += sum(len(run[0]) - 2 for run in _RUNS.finditer(line))
        penalty += 40 * len(_FINDER_LIKE.findall(line))
    for upper, lower in pairwise(rows):
        for x in range(len(upper) - 1):
            four = upper[x] + upper[x + 1] + lower[x] + lower[x + 1]
            penalty += 3 if four in (0, 4) else 0
    dark = sum(map(sum, rows)) * 20 // len(rows) ** 2
    return penalty + 10 * min(abs(dark - 10), abs(dark + 1 - 10))
