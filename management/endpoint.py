"""Commands performed by the function admin, on either generation of Function Compute.

https://ACCOUNT_ID.REGION.fc.aliyuncs.com             FC 2.0, by its HTTP trigger
https://ACCOUNT_ID.REGION.fc.aliyuncs.com/2023-03-30  FC 3.0, by InvokeFunction
"""

from __future__ import annotations

import json
import logging
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from management.failure import Failure, Refused
from management.functions_api import VERSION, FunctionsApi
from runtime.upstream.acs_signature import AccessKey
from runtime.web.origins import HOST_NAME, PORT

_URL = re.compile(
    # Stricter than an origin: the signature does not cover the body, and the answer
    # may hold a new secret.
    rf"((?:https://(?i:{HOST_NAME})|http://(?:127\.0\.0\.1|localhost))(?:{PORT})?)"
    rf"(/{VERSION})?/?"
)
_PREFIXES = ("", "ALIBABA_CLOUD_")


class Endpoint:
    """The function admin at a URL of Function Compute."""

    def __init__(
        self, url: str, *, service: str, function: str, environ: Mapping[str, str]
    ) -> None:
        found = _URL.fullmatch(url)
        if not found:
            raise Failure(
                "--endpoint is https:// and a host, or http:// on loopback, "
                "for FC 3.0 with /2023-03-30."
            )
        base, version = found.groups()
        self._way: _Trigger | _Invocation = (
            _Invocation(functions_api(base, environ), f"{service}_{function}")
            if version
            else _Trigger(fc_client(base, environ), service, function)
        )

    def perform(
        self, noun: str, verb: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the command's answer; Failure with the function's or FC's message."""
        return _content(*self.post(f"/{noun}/{verb}", arguments))

    def post(self, path: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        """Return status and content that the function answers, None if no JSON."""
        return self._way.post(path, json.dumps(arguments).encode())


class _Trigger:
    """FC 2.0's `/2016-08-15/proxy/{service}/{function}`, by Aliyun's own client."""

    def __init__(self, client: Any, *place: str) -> None:
        self._client, self._place = client, place

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        try:
            # POST, because a failed GET is sent again; a name in lower case, because
            # other names are sent but not signed.
            answer = self._client.do_http_request(
                "POST",
                *self._place,
                path,
                headers={"content-type": "application/json"},
                body=body,
            )
        except OSError as error:  # the base of all that its HTTP client raises
            name = type(error).__name__
            raise Failure(f"The endpoint does not answer: {name}.") from None
        return answer.status_code, _json(answer.content)


class _Invocation:
    """FC 3.0's InvokeFunction with the event that its HTTP trigger would send."""

    def __init__(self, api: FunctionsApi, function: str) -> None:
        self._api, self._function = api, function

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        request = {"method": "POST", "path": path, "protocol": "HTTP/1.1"}
        event = {
            "version": "v1",
            "rawPath": path,
            "headers": {"Content-Type": "application/json"},
            "queryParameters": {},
            "body": body.decode(),
            "isBase64Encoded": False,
            "requestContext": {"http": request},
        }
        result = self._api.invoke(self._function, event)
        status, text = result.get("statusCode"), result.get("body")
        if not (isinstance(status, int) and isinstance(text, str)):
            return 502, result  # the runtime's error in place of the function's answer
        return status, _json(b64decode(text) if result.get("isBase64Encoded") else text)


def functions_api(url: str, environ: Mapping[str, str]) -> FunctionsApi:
    """Return the API of FC 3.0, with the key in the environment."""
    return FunctionsApi(url, _access_key(environ))


def fc_client(url: str, environ: Mapping[str, str]) -> Any:
    """Return Aliyun's own client, with the key in the environment.

    Failure without a key or without the package.
    """
    key = _access_key(environ)
    try:
        from fc2 import client  # type: ignore[import-untyped]
    except ImportError:
        raise Failure("--endpoint needs the package aliyun-fc2.") from None
    # By default it tries to connect for half a minute before it fails.
    client.retries = 1
    # It logs a failed call with all headers, including the signature.
    logging.getLogger().addHandler(logging.NullHandler())
    return client.Client(
        endpoint=url,
        accessKeyID=key.id,
        accessKeySecret=key.secret,
        securityToken=key.security_token,
    )


def _access_key(environ: Mapping[str, str]) -> AccessKey:
    prefix = next((p for p in _PREFIXES if environ.get(f"{p}ACCESS_KEY_ID")), "")
    names = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
    key = AccessKey(*(environ.get(prefix + name, "") for name in names))
    if not (key.id and key.secret):
        raise Failure("--endpoint needs ACCESS_KEY_ID and ACCESS_KEY_SECRET.")
    return key


def _json(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _content(status: int, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Failure(f"The endpoint answered {status}, and no JSON.")
    if status == 200:
        return content
    if code := content.get("ErrorCode"):
        raise Failure(f"The platform refused the call: {code}.")
    if message := content.get("message"):
        raise Refused(f"{message}", code=str(content.get("error", "")))
    reason = content.get("errorType") or "no reason given"
    raise Failure(f"The function failed: {reason}.")
