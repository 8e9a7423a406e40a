"""Browser, and the service that sends it, on one kept-alive connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the server."""

    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    body: bytes = field(repr=False)

    def redirect_query(self) -> dict[str, str]:
        """Return the query of the URL to which it redirects.

        ConnectionError if it does not redirect.
        """
        query = urlsplit(self.headers["Location"] or "").query
        if self.status not in (302, 303) or not query:
            raise ConnectionError(f"{self.status} is no redirect: {self.body[:200]!r}")
        return dict(parse_qsl(query))

    def json(self) -> dict[str, Any]:
        """Return its JSON object; ConnectionError if the status is not 200."""
        if self.status != 200:
            raise ConnectionError(f"{self.status}: {self.body[:200]!r}")
        content: dict[str, Any] = json.loads(self.body)
        return content

    def cookies(self) -> str:
        """Return the cookies that it sets, in the form of a Cookie header."""
        lines = self.headers.get_all("Set-Cookie") or []
        return "; ".join(line.partition(";")[0] for line in lines)


class Browser:
    """A client of one server on this machine; `headers` go with every request."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, TIMEOUT)
        self._headers = dict(headers)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def get(self, target: str, **headers: str) -> Page:
        """Get a page."""
        return self._request("GET", target, headers)

    def post(self, target: str, form: Mapping[str, str], **headers: str) -> Page:
        """Send a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._request("POST", target, {**kind, **headers}, urlencode(form))

    def _request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: str | None = None,
    ) -> Page:
        sent = {**self._headers, **headers}
        self._connection.request(method, target, body, sent)
        answer = self._connection.getresponse()
        return Page(answer.status, answer.headers, answer.read())
