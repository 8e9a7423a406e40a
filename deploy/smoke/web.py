"""Plain requests to the deployed URL."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

SECONDS = 30.0
_REFUSED = "FcCommonError"


class CheckFailed(Exception):
    """A check failed; the message says what was seen instead."""


class CheckSkipped(Exception):
    """A check does not apply here; the message says why."""


Step = tuple[str, Callable[[], str]]
"""The name of a check, and the check: it returns what it saw, or raises the above."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer, with header names in lower case and the milliseconds that it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int

    def json(self) -> Any:
        """Return the JSON object in the body; CheckFailed if there is none."""
        try:
            content = json.loads(self.body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise CheckFailed(f"{self.status} without JSON")
        return content


class Web:
    """Client for one well-formed URL; it follows no redirect."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)

    def ask(self, method: str, target: str, *, accept: str = "*/*") -> Seen:
        """Return the answer; CheckFailed if there is none, or the function failed."""
        kind = HTTPSConnection if self.parts.scheme == "https" else HTTPConnection
        connection = kind(self.parts.netloc, timeout=SECONDS)
        started = time.monotonic()
        try:
            connection.request(method, target, headers={"accept": accept})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise CheckFailed(f"no answer: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        took = round((time.monotonic() - started) * 1000)
        seen = Seen(answer.status, headers, body, took)
        _check(seen)
        return seen


def _check(seen: Seen) -> None:
    # Function Compute could not load or call the function. Its own refusals, and the
    # function's answers, are judged by each check.
    if seen.headers.get("x-fc-error-type", _REFUSED) != _REFUSED:
        error = seen.json()
        raise CheckFailed(f"{error.get('errorType')}: {error.get('errorMessage')}")
