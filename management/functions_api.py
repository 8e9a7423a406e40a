"""Function Compute's API of 2023-03-30, that of FC 3.0, as far as an operator needs it.

Aliyun's own client for it is large, so the calls are signed here; unlike FC 2.0's, the
signature covers the body.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from management.failure import Failure
from runtime.upstream.acs_signature import AccessKey, signed_headers

VERSION = "2023-03-30"
SECONDS = 90
"""The longest function may take 60."""

NOT_FOUND = 404


class ApiRefused(Failure):
    """An answer of the API in place of the function's, by its code."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"The platform refused the call: {code}.")
        self.code, self.status = code, status


class FunctionsApi:
    """Calls at the URL of an account, such as https://ID.REGION.fc.aliyuncs.com."""

    def __init__(
        self,
        url: str,
        key: AccessKey,
        *,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._url, self._key = url, key
        self._clock, self._nonce = clock, nonce
        self._open = build_opener(_NoRedirect).open

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON object that a function answers to an event.

        ApiRefused if the platform does; otherwise Failure without an object.
        """
        path = f"/{VERSION}/functions/{quote(function, safe='')}/invocations"
        body = json.dumps(event).encode()
        more = {"x-fc-invocation-type": "Sync"}
        return self._call("InvokeFunction", "POST", path, body, more)

    def custom_domain(self, name: str) -> dict[str, Any]:
        """Return what is configured for a domain, {} if there is no such domain."""
        path = f"/{VERSION}/custom-domains/{quote(name, safe='')}"
        try:
            return self._call("GetCustomDomain", "GET", path)
        except ApiRefused as refused:
            if refused.status == NOT_FOUND:
                return {}
            raise

    def _call(
        self,
        action: str,
        method: str,
        path: str,
        body: bytes = b"",
        more: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        headers = {
            "host": urlsplit(self._url).netloc,
            "content-type": "application/octet-stream",
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": at,
            "x-acs-signature-nonce": self._nonce(),
            **(more or {}),
        }
        sent = signed_headers(method, path, headers, body, key=self._key)
        request = Request(  # noqa: S310 - https, or http on loopback
            self._url + path, body or None, sent, method=method
        )
        try:
            with self._open(request, timeout=SECONDS) as answer:
                return _content(answer.status, answer.read())
        except HTTPError as error:
            with error:
                return _content(error.code, error.read())
        except OSError as error:
            name = type(getattr(error, "reason", error)).__name__
            raise Failure(f"The endpoint does not answer: {name}.") from None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None  # a signed call is for its host alone


def _content(status: int, body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Failure(f"The endpoint answered {status}, and no JSON.")
    # The function's error has a type; the platform's own has a code.
    code = content.get("Code") or content.get("ErrorCode")
    if status >= 300 and code:
        raise ApiRefused(str(code), status)
    return content
