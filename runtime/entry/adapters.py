"""Adapters: how each platform passes a request in and takes the response.

FC 2.0 calls a function as WSGI, `handler(environ, start_response)`; FC 3.0 as an
event, `handler(event_bytes, context)`, and takes a dict. Each adapter is made from
the two arguments, gives `request()` without a body and then `body()`, and is called
with the response.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ClassVar, Protocol
from urllib.parse import urlencode

from runtime.errors import BadRequest, PayloadTooLarge
from runtime.web.messages import Request, Response, plain_path

LARGEST_PARSED_EVENT = 64 * 1024
"""Most bytes of an event that is parsed whole; of a larger one the body is cut out."""


class EventAdapter:
    """FC 3.0's HTTP trigger for built-in runtimes, a JSON event."""

    _TEXT: ClassVar = re.compile(r"text/|application/(json|xml|javascript)")

    def __init__(self, event: bytes | str, context: Any) -> None:
        self._event = event.encode() if isinstance(event, str) else event
        self._context = context
        self._body: str | memoryview = ""
        self._is_base64 = False

    @staticmethod
    def infer(first: Any, second: Any) -> bool:
        """Tell whether the first argument is an event's JSON text."""
        return isinstance(first, (bytes, str))

    def request(self) -> Request:
        """Return the request; its query comes decoded, so it is encoded again."""
        try:
            event = self._parsed()
            http = event["requestContext"]["http"]
            path = event.get("rawPath") or http["path"] or "/"
            return Request(
                method=http["method"],
                path=plain_path(path),
                query=urlencode(event.get("queryParameters") or {}),
                headers=tuple(_lower(event.get("headers") or {})),
                peer_ip=http.get("sourceIp", ""),
                request_id=getattr(self._context, "request_id", None)
                or event["requestContext"].get("requestId", ""),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadRequest from None

    def body(self, most: int) -> bytes:
        """Return the body; one in base64 is refused before it is decoded."""
        body = self._body
        try:
            if self._is_base64:
                if len(body) // 4 * 3 - 2 > most:
                    raise PayloadTooLarge
                content = binascii.a2b_base64(body)
            elif isinstance(body, str):
                content = body.encode()
            else:
                from runtime.entry.event_body import text_of

                content = text_of(body, most=most)
        except ValueError:
            raise BadRequest from None
        if len(content) > most:
            raise PayloadTooLarge
        return content

    def _parsed(self) -> Any:
        """Return the event, and keep its body as it came."""
        event, long_text = self._event, None
        if len(event) > LARGEST_PARSED_EVENT:
            # Not imported by a usual cold start.
            from runtime.entry.event_body import CUT, cut_long_text

            event, long_text = cut_long_text(event)
        # Decoded here: `loads` would look for UTF-16 and UTF-32 first.
        parsed = json.loads(event.decode())
        body = parsed.get("body") or ""
        if long_text is not None and body == CUT:
            body = long_text
        elif not isinstance(body, str):
            raise BadRequest
        self._body, self._is_base64 = body, bool(parsed.get("isBase64Encoded"))
        return parsed

    def __call__(self, response: Response) -> dict[str, Any]:
        """Return the dict that FC 3.0 turns into an HTTP answer."""
        headers = dict(response.headers)
        # The map is flat, and FC does not document what becomes of a second value.
        if len({name.lower() for name in headers}) < len(response.headers):
            raise ValueError("FC 3.0 takes each header once")
        is_text = self._TEXT.match(headers.get("Content-Type", ""))
        body = _utf8(response.body) if is_text else None
        return {
            "statusCode": response.status,
            "headers": headers,
            "isBase64Encoded": body is None,
            "body": base64.b64encode(response.body).decode() if body is None else body,
        }


def _lower(headers: dict[str, str]) -> list[tuple[str, str]]:
    # A name with `_` could pass for the one with `-`, which a proxy may have set.
    return [
        (name.lower(), str(value)) for name, value in headers.items() if "_" not in name
    ]


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


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
        )

    def body(self, most: int) -> bytes:
        """Return the body; PayloadTooLarge before a byte is read, if it is announced.

        A length is absent where there is no body, and where it came in chunks.
        """
        environ = self._environ
        length = environ.get("CONTENT_LENGTH") or ""
        if not length:
            size = most + 1 if environ.get("wsgi.input_terminated") else 0
        elif not _LENGTH.fullmatch(length):
            raise BadRequest
        elif (size := int(length)) > most:
            raise PayloadTooLarge
        if not size:
            return b""
        content: bytes = environ["wsgi.input"].read(size)
        if len(content) > most:
            raise PayloadTooLarge
        return content

    def __call__(self, response: Response) -> list[bytes]:
        """Start the response and return its body; FC buffers it whole."""
        reason = _REASONS.get(response.status, "Unknown")
        self._start_response(f"{response.status} {reason}", list(response.headers))
        return [response.body]


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
        if name[:1] == "H" and name[:5] == "HTTP_"  # a third of startswith's price
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("content-type", environ["CONTENT_TYPE"]))
    return headers


@lru_cache(maxsize=1024)
def _header(variable: str) -> str:
    return variable[5:].replace("_", "-").lower()


class Adapter(Protocol):
    """One platform's way of calling a function."""

    def __init__(self, first: Any, second: Any) -> None: ...

    @staticmethod
    def infer(first: Any, second: Any) -> bool:
        """Tell whether these two arguments are this platform's."""

    def request(self) -> Request:
        """Return the request without its body; BadRequest if it cannot be read."""

    def body(self, most: int) -> bytes:
        """Return the request's body; PayloadTooLarge if it has more bytes."""

    def __call__(self, response: Response) -> Any:
        """Hand the response over in the platform's own form."""


ADAPTERS: tuple[type[Adapter], ...] = (WsgiAdapter, EventAdapter)


def adapter_for(first: Any, second: Any) -> Adapter:
    """Return the adapter of the platform that called with these arguments."""
    for adapter in ADAPTERS:
        if adapter.infer(first, second):
            return adapter(first, second)
    raise TypeError("neither a WSGI call nor an FC event")
