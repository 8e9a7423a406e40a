"""Large bodies in events of FC 3.0, read without a copy of the whole event.

An event is JSON, and its body a string in it, mostly base64. Parsing it whole would
take several times the body's size, before anybody knows whether the body is wanted.
"""

from __future__ import annotations

import codecs
import json
from typing import Any

CUT: dict[str, Any] = {"cut": True}
"""What stands in the long string's place; in the event's body FC sends no object."""

_LONG_TEXT = 16 * 1024
"""Bytes; all headers and parameters together are shorter on Function Compute."""

_PIECE = 64 * 1024

_LONGEST_ESCAPES = len(r"\ud83d\ude00")


def cut_long_text(event: bytes | str) -> tuple[bytes, memoryview | None]:
    """Return the event with its only long string cut out, and that as it came.

    ValueError if a second string is as long, or a string does not end.
    """
    event = event.encode() if isinstance(event, str) else event
    found: tuple[int, int] | None = None
    at = 0
    while (start := event.find(b'"', at)) >= 0:
        end = _end_of_text(event, start + 1)
        if end - start > _LONG_TEXT:
            if found:
                raise ValueError("two long strings")
            found = start, end
        at = end + 1
    if found is None:
        return event, None
    start, end = found
    rest = event[:start] + json.dumps(CUT).encode() + event[end + 1 :]
    return rest, memoryview(event)[start + 1 : end]


def text_of(literal: memoryview, *, most: int) -> bytes:
    """Return a JSON string's content in UTF-8, a little more than `most` bytes of it.

    Piece by piece, because text may take four bytes a character. ValueError if it is
    malformed.
    """
    pieces: list[bytes] = []
    size, text = 0, ""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(literal), _PIECE):
        piece = literal[start : start + _PIECE]
        text += decoder.decode(piece, final=start + _PIECE >= len(literal))
        plain, text = _without_escapes(text)
        pieces.append(plain)
        size += len(plain)
        if size > most:
            break
    if text and size <= most:
        raise ValueError("an escape does not end")
    return b"".join(pieces)


def _end_of_text(event: bytes, start: int) -> int:
    while start < len(event):
        piece = event[start : start + _PIECE]
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            piece = event[start : start + len(piece) + 1]
        # Of the same length, without quotes that do not end the string.
        plain = piece.replace(rb"\\", b"..").replace(rb"\"", b"..")
        if (end := plain.find(b'"')) >= 0:
            return start + end
        start += len(piece)
    raise ValueError("a string does not end")


def _without_escapes(text: str) -> tuple[bytes, str]:
    """Return the text without escapes, and its end if that may be part of one."""
    for size in range(len(text), max(-1, len(text) - _LONGEST_ESCAPES - 1), -1):
        try:
            # Half of a surrogate pair has no UTF-8, so a pair is never torn.
            return json.loads(f'"{text[:size]}"', strict=False).encode(), text[size:]
        except ValueError:
            continue
    raise ValueError("an escape is malformed")
