"""Plain requests to the deployed URL."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

SECONDS = 30.0
_REFUSED = "FcCommonError"

_FIELDS = frozenset({"function", "error", "errorType", "ErrorCode", "Code"})
"""Fields of which a function, its runtime or the platform answers one."""


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
        self.is_https = self.parts.scheme == "https"

    def ask(self, method: str, target: str, *, accept: str = "*/*") -> Seen:
        """Return the answer; CheckFailed if there is none, or the function failed."""
        kind = HTTPSConnection if self.is_https else HTTPConnection
        connection = kind(self.parts.netloc, timeout=SECONDS)
        started = time.monotonic()
        try:
            connection.request(method, target, headers={"accept": accept})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise _no_answer(self.parts, error) from None
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        took = round((time.monotonic() - started) * 1000)
        seen = Seen(answer.status, headers, body, took)
        _check(seen)
        return seen

    def certificate_end(self) -> float:
        """Return the end of the certificate that is served, in Unix seconds."""
        address = self.parts.hostname or "", self.parts.port or 443
        context = ssl.create_default_context()
        try:
            with (
                socket.create_connection(address, timeout=SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=address[0]) as secure,
            ):
                shown = secure.getpeercert() or {}
        except OSError as error:
            raise _no_answer(self.parts, error) from None
        return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))

    def check_address(self) -> None:
        """Raise CheckFailed unless something like a gateway answers there."""
        seen = self.ask("GET", "/login/healthz?quick=1")
        target = seen.headers.get("location", "")
        if seen.status in (301, 302, 303, 307, 308):
            scheme, host = self.parts.scheme, self.parts.netloc
            if scheme == "http" and target.startswith("https://"):
                raise CheckFailed(f"http://{host} leads to https: use the https:// URL")
            raise CheckFailed(f"{host} redirects to another place: {target[:80]!r}")
        if not _is_like_ours(seen):
            raise CheckFailed(
                f"{self.parts.netloc} answers {seen.status}, but it is no gateway"
            )


def _is_like_ours(seen: Seen) -> bool:
    """Tell whether it is a function's answer, or Function Compute's in its place."""
    try:
        content = json.loads(seen.body)
    except ValueError:
        return False
    return isinstance(content, dict) and bool(_FIELDS & content.keys())


def _no_answer(parts: SplitResult, error: Exception) -> CheckFailed:
    """Return in a sentence why there is no answer."""
    host, place = parts.hostname, parts.netloc
    if isinstance(error, socket.gaierror):
        return CheckFailed(f"no answer: DNS knows no host {host}")
    if isinstance(error, ConnectionRefusedError):
        return CheckFailed(f"no answer: nothing listens at {place}")
    if isinstance(error, TimeoutError):
        return CheckFailed(f"no answer: {place} does not answer within {SECONDS:.0f} s")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return CheckFailed(f"no answer: the certificate of {host} is not valid: {why}")
    if isinstance(error, ssl.SSLError):
        return CheckFailed(f"no answer: {place} does not speak https")
    if parts.scheme == "http" and isinstance(error, HTTPException | ConnectionError):
        return CheckFailed(f"no answer: {place} does not speak http, but perhaps https")
    return CheckFailed(f"no answer: {type(error).__name__}: {error}")


def _check(seen: Seen) -> None:
    # Function Compute could not load or call the function. Its own refusals, and the
    # function's answers, are judged by each check.
    if seen.headers.get("x-fc-error-type", _REFUSED) != _REFUSED:
        error = seen.json()
        raise CheckFailed(f"{error.get('errorType')}: {error.get('errorMessage')}")
