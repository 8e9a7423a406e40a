"""FC 3.0's form of a call: a JSON event in, a dict out."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from runtime.errors import BadRequest, PayloadTooLarge
from runtime.web.messages import Request, Response, plain_path

if TYPE_CHECKING:
    from runtime.web.stored_body import Body

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
            query = event.get("queryParameters")
            path = event.get("rawPath") or http["path"] or "/"
            return Request(
                method=http["method"],
                path=plain_path(path),
                query=urlencode(query) if query else "",
                headers=tuple(_lower(event.get("headers") or {})),
                peer_ip=http.get("sourceIp", ""),
                request_id=getattr(self._context, "request_id", None)
                or event["requestContext"].get("requestId", ""),
                context=self._context,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadRequest from None

    is_admitted = False

    def announced(self) -> int | None:
        """Return the size of the body, at least."""
        size = len(self._body)
        return max(0, size // 4 * 3 - 2) if self._is_base64 else size

    def late_body(self, most: int) -> Body:
        """Return the body: FC has it in memory in any case."""
        return self.body(most)

    def body(self, most: int) -> bytes:
        """Return the body; one in base64 is refused before it is decoded."""
        body = self._body
        if not body:
            return b""
        try:
            if self._is_base64:
                if (self.announced() or 0) > most:
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
        content = response.whole()
        body = _utf8(content) if is_text else None
        return {
            "statusCode": response.status,
            "headers": headers,
            "isBase64Encoded": body is None,
            "body": base64.b64encode(content).decode() if body is None else body,
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
