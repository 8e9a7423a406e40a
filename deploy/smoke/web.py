"""Plain requests to the deployed address."""

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


class Unwell(Exception):
    """A step has failed; the message says what was seen instead."""


class LeftOut(Exception):
    """There is nothing for a step to look at; the message says why."""


Step = tuple[str, Callable[[], str]]
"""A name, and a look that returns what it saw, or raises Unwell or LeftOut."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer; `milliseconds` until it was here, its headers by lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int

    def json(self) -> Any:
        """Return the JSON object it holds; Unwell if it is none."""
        try:
            content = json.loads(self.body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Unwell(f"{self.status}, and no JSON")
        return content


class Web:
    """Asks one address, which is well-formed, and follows nothing."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)

    def ask(self, method: str, target: str, *, accept: str = "*/*") -> Seen:
        """Return the answer; Unwell where there is none, or the function failed."""
        kind = HTTPSConnection if self.parts.scheme == "https" else HTTPConnection
        connection = kind(self.parts.netloc, timeout=SECONDS)
        started = time.monotonic()
        try:
            connection.request(method, target, headers={"accept": accept})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise Unwell(f"no answer: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        took = round((time.monotonic() - started) * 1000)
        seen = Seen(answer.status, headers, body, took)
        _check(seen)
        return seen


def _check(seen: Seen) -> None:
    # What Function Compute says of a function that it could not load or call. Whom it
    # refuses by itself, and what a function answers, is for the step to judge.
    if seen.headers.get("x-fc-error-type", _REFUSED) != _REFUSED:
        error = seen.json()
        raise Unwell(f"{error.get('errorType')}: {error.get('errorMessage')}")
