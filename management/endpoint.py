"""Verbs performed by the function admin; the platform's own client signs the calls."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from management.failure import Failure
from runtime.web.origins import HOST_NAME, PORT

_URL = re.compile(
    # Stricter than an origin: the signature does not cover the body, and the answer
    # may hold a new secret.
    rf"(?:https://(?i:{HOST_NAME})|http://(?:127\.0\.0\.1|localhost))(?:{PORT})?/?"
)
_PREFIXES = ("", "ALIBABA_CLOUD_")


class Endpoint:
    """Calls `/2016-08-15/proxy/{service}/{function}` at an address of FC."""

    def __init__(
        self, url: str, *, service: str, function: str, environ: Mapping[str, str]
    ) -> None:
        if not _URL.fullmatch(url):
            raise Failure("--endpoint is https:// and a host, or http:// on loopback.")
        self._place = service, function
        self._client = fc_client(url.rstrip("/"), environ)

    def perform(
        self, noun: str, verb: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the verb's answer; Failure in the function's or FC's words."""
        try:
            # POST, for a GET that fails is sent again; names in lower case, for
            # others are sent and not signed.
            answer = self._client.do_http_request(
                "POST",
                *self._place,
                f"/{noun}/{verb}",
                headers={"content-type": "application/json"},
                body=json.dumps(arguments).encode(),
            )
        except OSError as error:  # the base of all that its HTTP client raises
            name = type(error).__name__
            raise Failure(f"The endpoint does not answer: {name}.") from None
        return _content(answer)


def fc_client(url: str, environ: Mapping[str, str]) -> Any:
    """Return the platform's own client, with the key that the environment holds.

    Failure if it holds none, or the package is not there.
    """
    prefix = next((p for p in _PREFIXES if environ.get(f"{p}ACCESS_KEY_ID")), "")
    names = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
    key, secret, token = (environ.get(prefix + name, "") for name in names)
    if not (key and secret):
        raise Failure("--endpoint needs ACCESS_KEY_ID and ACCESS_KEY_SECRET.")
    try:
        from fc2 import client  # type: ignore[import-untyped]
    except ImportError:
        raise Failure("--endpoint needs the package aliyun-fc2.") from None
    # It would try to connect for half a minute before it says that nobody listens.
    client.retries = 1
    # It logs a failed call with all its headers, the signature among them.
    logging.getLogger().addHandler(logging.NullHandler())
    return client.Client(
        endpoint=url, accessKeyID=key, accessKeySecret=secret, securityToken=token
    )


def _content(answer: Any) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Failure(f"The endpoint answered {answer.status_code}, and no JSON.")
    if answer.status_code == 200:
        return content
    if code := content.get("ErrorCode"):
        raise Failure(f"The platform refused the call: {code}.")
    if said := content.get("message"):
        raise Failure(f"{said}")
    reason = content.get("errorType") or "no reason given"
    raise Failure(f"The function failed: {reason}.")
