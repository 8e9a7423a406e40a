"""Bodies with a Content-Encoding, decoded: the search for the real token reads text.

Every request asks for `identity`. A server that compresses all the same is understood
if it uses gzip or deflate; any other coding is WeChatUnavailable.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtime.errors import WeChatUnavailable
from runtime.web.messages import Headers

_PIECE = 64 * 1024

_ZLIB_OR_GZIP = 32 + 15


def coding_of(headers: Headers) -> str:
    """Return the coding of the body, "" if it is none; WeChatUnavailable if unknown."""
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    coding = ",".join(values).strip().lower()
    if coding in ("", "identity"):
        return ""
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise WeChatUnavailable
    return coding


def without_coding(headers: Headers) -> Headers:
    """Return the headers of the decoded body."""
    gone = ("content-encoding", "content-length")
    return tuple(pair for pair in headers if pair[0].lower() not in gone)


def decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the decoded body in small pieces, however well it was compressed.

    WeChatUnavailable if it is cut short, damaged, or followed by anything.
    """
    import zlib

    decoder = zlib.decompressobj(_ZLIB_OR_GZIP)
    has_begun = False
    try:
        for piece in pieces:
            left, has_begun = piece, True
            while left and not decoder.eof:
                if content := decoder.decompress(left, _PIECE):
                    yield content
                left = decoder.unconsumed_tail
            if decoder.unused_data:
                raise WeChatUnavailable
        while has_begun and not decoder.eof:
            content = decoder.decompress(b"", _PIECE)
            if not (content or decoder.eof):
                raise WeChatUnavailable
            yield content
    except zlib.error:
        raise WeChatUnavailable from None
