"""Numbers of Redis' hashes, by field.

What cannot be read is left out, so one wrong field does not hide all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def whole_numbers(fields: Mapping[bytes, bytes]) -> Iterator[tuple[str, int]]:
    """Yield each field with its number."""
    for field, number in fields.items():
        try:
            pair = field.decode(), int(number)
        except ValueError:
            continue
        yield pair
