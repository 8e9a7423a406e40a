"""FC 2.0's way of calling a function: WSGI, with quirks of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from runtime.errors import BadRequest
from runtime.web.messages import LARGEST_BODY, Request, Response, plain_path

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
        """Return the request; WSGI's text is bytes smuggled as latin-1."""
        environ = self._environ
        context = environ.get("fc.context")
        length = environ.get("CONTENT_LENGTH") or "0"
        if not _LENGTH.fullmatch(length):
            raise BadRequest
        return Request(
            method=environ["REQUEST_METHOD"],
            path=_wsgi_path(environ),
            query=environ.get("QUERY_STRING", ""),
            headers=tuple(_wsgi_headers(environ)),
            # One byte beyond the limit is enough to know that it is too large.
            body=environ["wsgi.input"].read(min(int(length), LARGEST_BODY + 1)),
            client_ip=environ.get("REMOTE_ADDR", ""),
            request_id=getattr(context, "request_id", None) or os.urandom(16).hex(),
        )

    def __call__(self, response: Response) -> list[bytes]:
        """Start the response and return its body; FC buffers it whole."""
        reason = _REASONS.get(response.status, "Unknown")
        self._start_response(f"{response.status} {reason}", list(response.headers))
        return [response.body]


def _wsgi_path(environ: dict[str, Any]) -> str:
    # Nobody says whether FC decodes PATH_INFO, but fc.request_uri never is. Routes are
    # plain text: an address with anything encoded matches none, decoded or not.
    original = (environ.get("fc.request_uri") or "").partition("?")[0]
    return "/%" if "%" in original else plain_path(environ.get("PATH_INFO") or "/")


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
