"""Messages of HTTP: the request as a function sees it, and its response."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from runtime.errors import BadRequest

if TYPE_CHECKING:
    from runtime.web.stored_body import Body
    from runtime.web.streamed import Rest

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes; FC refuses a larger body itself, other hosts may not."""

LARGEST_QUERY = 16 * 1024
LARGEST_HEADERS = 16 * 1024
"""Characters, of all values together; FC itself stops at 4 and 8 kB."""

MOST_FIELDS = 100
"""Fields of a query or a form."""

MOST_JSON_VALUES = 1000
"""Values of a JSON body; an empty object takes 25 times its bytes in memory."""

_LONGEST_PATH = 4096

URLENCODED = "application/x-www-form-urlencoded"
"""The media type of forms."""

NOSNIFF = ("X-Content-Type-Options", "nosniff")
HSTS = ("Strict-Transport-Security", "max-age=31536000")

_DECODED_AT_ONCE = 4096

_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]*)+")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, the same on every platform.

    `path` is plain text that begins with `/`; `query` is the raw text after `?`, with
    the bytes and the order of the caller; header names are in lower case.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    peer_ip: str = ""
    request_id: str = ""
    late_body: Callable[[], Body] | None = None
    """Reads a large body, which `body` does not have, once the caller is checked."""
    is_admitted: bool = False
    """Tells that the call was checked and counted before its body came."""
    takes_parts: bool = False
    """Tells that the platform passes a response of any size on."""
    explains: bool = False
    """Tells that the caller is a developer, who sees the cause of an error."""
    context: Any = field(default=None, repr=False, compare=False)
    """The platform's context of the call, with the key of the function's role."""
    default_language: Callable[[], str] | None = field(
        default=None, repr=False, compare=False
    )
    """Returns the language of pages for who states none."""

    def with_path(self, path: str) -> Request:
        """Return a copy with another path."""
        # A third of the price of `replace`, and almost every call needs a copy.
        return Request(
            self.method,
            path,
            self.query,
            self.headers,
            self.body,
            self.peer_ip,
            self.request_id,
            self.late_body,
            self.is_admitted,
            self.takes_parts,
            self.explains,
            self.context,
            self.default_language,
        )

    def content(self) -> Body:
        """Return the body, read now if it is large; PayloadTooLarge."""
        return self.body if self.late_body is None else self.late_body()

    def header(self, name: str) -> str | None:
        """Return the first header with this lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def cookies(self) -> Mapping[str, str]:
        """Return the cookies by name; of a repeated name the first."""
        # FC joins repeated headers with a comma, but a browser sends one header (RFC
        # 6265, 5.4), and a proxy for HTTP/2 joins its pieces with a semicolon. If a
        # comma or a wide space separated cookies, another host of our domain could
        # hide `__Host-...` in the value of a cookie with another name.
        pairs = (self.header("cookie") or "").split(";")
        named = (pair.strip(" \t").partition("=") for pair in pairs if "=" in pair)
        cookies: dict[str, str] = {}
        for name, _, value in named:
            cookies.setdefault(name, value.strip('"'))
        return cookies

    @property
    def arguments(self) -> tuple[tuple[str, str], ...]:
        """Return the query's decoded pairs in order; BadRequest if not UTF-8."""
        return _parse_pairs(self.query)

    @property
    def first_arguments(self) -> dict[str, str]:
        """Return the query's values by name; of a repeated name the first."""
        return dict(reversed(self.arguments))

    @property
    def media_type(self) -> str:
        """Return the media type of the body in lower case, "" without one."""
        named = self.header("content-type") or ""
        return named.partition(";")[0].strip().lower()

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """Return the decoded pairs of an urlencoded body; BadRequest if malformed."""
        try:
            return _parse_pairs(self.body.decode("ascii"))
        except UnicodeDecodeError:
            raise BadRequest from None

    def argument(self, name: str) -> str | None:
        """Return one query argument; None if absent, BadRequest if repeated."""
        return single(self.arguments, name)

    def json(self, *, most_values: int = MOST_JSON_VALUES) -> Any:
        """Return the body as JSON; BadRequest if it is none, or has too many values."""
        # Commas in strings count as well: it is a limit, not a number.
        if sum(map(self.body.count, (b",", b"[", b"{"))) > most_values:
            raise BadRequest
        try:
            # Some .NET programs send a byte order mark.
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise BadRequest from None

    def accepts_html(self) -> bool:
        """Tell whether the caller accepts HTML, as browsers do."""
        return "text/html" in (self.header("accept") or "")


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; its headers are pairs, so that Set-Cookie may be repeated.

    Of a large response `body` is the beginning, and `rest` brings what follows;
    `length` is that of the whole body, if it is known.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    rest: Rest | None = field(default=None, repr=False)
    length: int | None = field(default=None, repr=False)

    def with_headers(self, *pairs: tuple[str, str]) -> Response:
        """Return a copy with these headers added."""
        headers = self.headers + pairs
        return Response(self.status, headers, self.body, self.rest, self.length)

    def without_body(self) -> Response:
        """Return a copy with status and headers alone, as the answer to HEAD."""
        if self.rest is not None:
            self.rest.close()
        return Response(self.status, self.headers)

    def whole(self) -> bytes:
        """Return all of the body; AnswerTooLarge beyond 6 MB."""
        if self.rest is None:
            return self.body
        from runtime.web.streamed import joined

        return joined(self.body, self.rest, length=self.length)


def json_response(content: Any, *, status: int = 200) -> Response:
    """Return compact JSON in UTF-8 that no cache may store."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    headers = (
        ("Content-Type", "application/json; charset=utf-8"),
        ("Cache-Control", "no-store"),
    )
    # JSON can carry half of a surrogate pair, and UTF-8 cannot: it becomes "?".
    return Response(status, headers, text.encode(errors="replace"))


def redirect(location: str) -> Response:
    """Return a 303 that sends no Referer and that no cache may store."""
    headers = (
        ("Location", location),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
    )
    return Response(303, headers)


def plain_path(path: str) -> str:
    """Return the path if it is plain text, else a path that matches no route."""
    # No route needs percent-encoding, so an encoded path need not be decoded.
    is_plain = len(path) <= _LONGEST_PATH and _PLAIN_PATH.fullmatch(path)
    return path if is_plain else "/%"


def single(pairs: tuple[tuple[str, str], ...], name: str) -> str | None:
    """Return the value of a name, None without one; BadRequest if it is repeated."""
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise BadRequest
    return values[0] if values else None


def _parse_pairs(text: str) -> tuple[tuple[str, str], ...]:
    # No name and no value of ours holds a NUL; a program behind us might stop at one.
    if "%00" in text or "\0" in text:
        raise BadRequest
    # As urllib's parse_qsl, which takes ninety times the text in memory.
    fields = text.split("&", MOST_FIELDS)
    if len(fields) > MOST_FIELDS:
        raise BadRequest
    pairs = (field.partition("=") for field in fields if field)
    try:
        return tuple((_decoded(name), _decoded(value)) for name, _, value in pairs)
    except UnicodeDecodeError:
        raise BadRequest from None


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    # In pieces, because urllib makes an object of each escape.
    content, start = bytearray(), 0
    while start < len(text):
        end = start + _DECODED_AT_ONCE
        cut = text.rfind("%", end - 2, end)  # an escape that would be torn
        end = cut if cut > 0 else end
        content += unquote_to_bytes(text[start:end])
        start = end
    return content.decode()
