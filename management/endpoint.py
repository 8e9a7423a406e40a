"""Commands performed by the function admin; Aliyun's own client signs the calls."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from management.failure import Failure, Refused
from runtime.web.origins import HOST_NAME, PORT

_URL = re.compile(
    # Stricter than an origin: the signature does not cover the body, and the answer
    # may hold a new secret.
    rf"(?:https://(?i:{HOST_NAME})|http://(?:127\.0\.0\.1|localhost))(?:{PORT})?/?"
)
_PREFIXES = ("", "ALIBABA_CLOUD_")


class Endpoint:
    """Calls `/2016-08-15/proxy/{service}/{function}` at a URL of FC."""

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
        """Return the command's answer; Failure with the function's or FC's message."""
        try:
            # POST, because a failed GET is sent again; a name in lower case, because
            # other names are sent but not signed.
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
    """Return Aliyun's own client, with the key in the environment.

    Failure without a key or without the package.
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
    # By default it tries to connect for half a minute before it fails.
    client.retries = 1
    # It logs a failed call with all headers, including the signature.
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
    if message := content.get("message"):
        raise Refused(f"{message}", code=str(content.get("error", "")))
    reason = content.get("errorType") or "no reason given"
    raise Failure(f"The function failed: {reason}.")
