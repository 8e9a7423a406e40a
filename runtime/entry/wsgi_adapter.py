"""FC 2.0's form of a call, which is WSGI: also that of the local host."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from runtime.errors import BadRequest, PayloadTooLarge
from runtime.web.messages import Request, Response, plain_path

if TYPE_CHECKING:
    from runtime.web.stored_body import Body
    from runtime.web.streamed import Rest

# Of runtime/web/stored_body.py and runtime/web/streamed.py, which a usual cold start
# does not import.
_BODY, _STREAMS = "host.body", "host.streams_answers"

_REASONS = {status.value: status.phrase for status in HTTPStatus}

_LENGTH = re.compile(r"[0-9]{1,12}")


class WsgiAdapter:
    """FC 2.0's HTTP trigger, which is WSGI, and so any WSGI server."""

    def __init__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> None:
        self._environ = environ
        self._start_response = start_response

    @staticmethod
    def infer(first: Any, second: Any) -> bool:
        """Tell whether the second argument is WSGI's start_response."""
        return callable(second)

    def request(self) -> Request:
        """Return the request; WSGI's text is bytes decoded as latin-1."""
        environ = self._environ
        context = environ.get("fc.context")
        return Request(
            method=environ["REQUEST_METHOD"],
            path=_wsgi_path(environ),
            query=environ.get("QUERY_STRING", ""),
            headers=tuple(_wsgi_headers(environ)),
            peer_ip=environ.get("REMOTE_ADDR", ""),
            request_id=getattr(context, "request_id", None) or os.urandom(16).hex(),
            takes_parts=environ.get(_STREAMS) is True,
            context=context,
        )

    def body(self, most: int) -> bytes:
        """Return the body; PayloadTooLarge before it is read, if it is announced."""
        size = self._size(most)
        if not size:
            return b""
        self._check_arrival()
        content: bytes = self._environ["wsgi.input"].read(size)
        if len(content) > most:
            raise PayloadTooLarge
        return content

    def announced(self) -> int | None:
        """Return the size of the body by CONTENT_LENGTH.

        That is absent where there is no body, and where it came in chunks.
        """
        length = self._environ.get("CONTENT_LENGTH") or ""
        if not length:
            return None if self._environ.get("wsgi.input_terminated") else 0
        if not _LENGTH.fullmatch(length):
            raise BadRequest
        return int(length)

    @property
    def is_admitted(self) -> bool:
        """Tell whether the call was checked before its body came."""
        return self._environ.get(_BODY) == "arrived"

    def late_body(self, most: int) -> Body:
        """Return the body, a large one in a file; BodyAwaited if it has not come."""
        self._check_arrival()
        from runtime.web.stored_body import read_stored

        stream = self._environ["wsgi.input"]
        return read_stored(stream, size=self._size(most), most=most)

    def _check_arrival(self) -> None:
        if self._environ.get(_BODY) == "awaited":
            self._start_response("100 Continue", [])
            raise BodyAwaited([])

    def _size(self, most: int) -> int:
        announced = self.announced()
        size = most + 1 if announced is None else announced
        if announced is not None and announced > most:
            raise PayloadTooLarge
        return size

    def __call__(self, response: Response) -> Iterable[bytes]:
        """Start the response and return its body.

        FC takes it whole. A host that takes parts gets an iterator, whose close() it
        calls, and the length if it is known.
        """
        reason = _REASONS.get(response.status, "Unknown")
        line, headers = f"{response.status} {reason}", list(response.headers)
        if response.rest is None:
            self._start_response(line, headers)
            return [response.body]
        if not self._environ.get(_STREAMS):
            content = response.whole()
            self._start_response(line, headers)
            return [content]
        if response.length is not None:
            headers.append(("Content-Length", str(response.length)))
        self._start_response(line, headers)
        return _Parts(response.body, response.rest)


class BodyAwaited(Exception):
    """A view needs the body, and it has not come; `answer` tells the host so."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


class _Parts(Iterator[bytes]):
    """The beginning of a body, and what follows."""

    def __init__(self, begin: bytes, rest: Rest) -> None:
        self._begin = begin
        self._rest = rest

    def __next__(self) -> bytes:
        """Return the next part."""
        if self._begin:
            begin, self._begin = self._begin, b""
            return begin
        return next(self._rest)

    def close(self) -> None:
        """Let go of what the rest comes from."""
        self._rest.close()


def _wsgi_path(environ: dict[str, Any]) -> str:
    # FC does not document whether it decodes PATH_INFO; it leaves fc.request_uri so.
    # Routes are plain text: a path with an encoded character matches none.
    original = environ.get("fc.request_uri") or ""
    end = original.find("?")  # no copy: a query may be long
    is_encoded = original.find("%", 0, end if end >= 0 else len(original)) >= 0
    return "/%" if is_encoded else plain_path(environ.get("PATH_INFO") or "/")


def _wsgi_headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [
        (_header(name), value)
        for name, value in environ.items()
        # "`" follows "_": it begins with HTTP_, for a third of startswith's price.
        if "HTTP_" < name < "HTTP`"
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("content-type", environ["CONTENT_TYPE"]))
    return headers


@lru_cache(maxsize=1024)
def _header(variable: str) -> str:
    return variable[5:].replace("_", "-").lower()
