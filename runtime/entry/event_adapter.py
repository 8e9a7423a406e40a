"""FC 3.0's way of calling a function: a JSON event for a dict."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, ClassVar
from urllib.parse import urlencode

from runtime.errors import BadRequest
from runtime.web.messages import Request, Response, plain_path


class EventAdapter:
    """FC 3.0's HTTP trigger for built-in runtimes, a JSON event."""

    _TEXT: ClassVar = re.compile(r"text/|application/(json|xml|javascript)")

    def __init__(self, event: bytes, context: Any) -> None:
        self._event = event
        self._context = context

    @staticmethod
    def infer(first: Any, second: Any) -> bool:
        """Tell whether the first argument is an event's JSON text."""
        return isinstance(first, (bytes, str))

    def request(self) -> Request:
        """Return the request; the event has the query decoded, so it is encoded."""
        try:
            event = json.loads(self._event)
            http = event["requestContext"]["http"]
            path = event.get("rawPath") or http["path"] or "/"
            body = event.get("body") or ""
            encoded = event.get("isBase64Encoded")
            return Request(
                method=http["method"],
                path=plain_path(path),
                query=urlencode(event.get("queryParameters") or {}),
                headers=tuple(_lower(event.get("headers") or {})),
                body=base64.b64decode(body) if encoded else body.encode(),
                client_ip=http.get("sourceIp", ""),
                request_id=getattr(self._context, "request_id", None)
                or event["requestContext"].get("requestId", ""),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadRequest from None

    def __call__(self, response: Response) -> dict[str, Any]:
        """Return the dict that FC 3.0 turns into an HTTP answer."""
        headers = dict(response.headers)
        # The map is flat, and nobody says what becomes of a second value.
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
    return [(name.lower(), str(value)) for name, value in headers.items()]


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
