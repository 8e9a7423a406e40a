"""Function Compute's own API: one function of a deployment starts another one.

It is called with the temporary key of the functions' role, which the context of each
call carries, or with Python 3.12 the environment of the process. It is called only to
start a function: nothing is sent, and no answer is awaited.

    FC 2.0   POST /2016-08-15/services/{service}/functions/{function}/invocations
             by Aliyun's own client, aliyun-fc2, which the Python runtime brings
    FC 3.0   POST /2023-03-30/functions/{service}_{function}/invocations
             InvokeFunction, signed by acs_signature.py
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import AnswerTooLarge, WeChatTimeout, WeChatUnavailable
from runtime.upstream.acs_signature import AccessKey, signed_headers
from runtime.upstream.answer import Transport

STARTED = "started"

SECONDS = 1.5
"""The longest that the caller waits: it has to answer WeChat."""

_VARIABLES = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
)
"""Function Compute sets them if the function has a role."""

_CODE = re.compile(r"[A-Za-z][A-Za-z.]{0,63}")


class FunctionCompute:
    """The functions of the deployment that a call's context belongs to.

    `url` is that of the API; by default the region's own, inside Aliyun's network.
    """

    def __init__(
        self,
        *,
        url: str = "",
        transport: Callable[[], Transport],
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._url = url
        self._make_transport = transport
        self._transport: Transport | None = None
        self._clock = clock
        self._nonce = nonce
        self._environ = environ

    def start(self, context: Any, function: str) -> str:
        """Start a function of the same deployment; return STARTED, or why it is not.

        `no_platform` or `no_role`: the context has nothing to start it with;
        `no_client`: there is no aliyun-fc2; otherwise the platform's code, such as
        `AccessDenied`, or `timeout`, `unreachable` or `no_answer`.
        """
        key = self._key(context)
        if key is None:
            return "no_platform"
        if not (key.id and key.secret):
            return "no_role"
        service = _text(context, "service", "name")
        if service:
            return self._start_by_client(context, key, service, function)
        return self._start_by_request(context, key, _named_alike(context, function))

    def _start_by_request(self, context: Any, key: AccessKey, name: str) -> str:
        url = self._endpoint(context)
        path = f"/2023-03-30/functions/{name}/invocations"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        headers = {
            "host": url.partition("://")[2],
            "x-acs-action": "InvokeFunction",
            "x-acs-version": "2023-03-30",
            "x-acs-date": at,
            "x-acs-signature-nonce": self._nonce(),
            "x-fc-invocation-type": "Async",
        }
        sent = signed_headers("POST", path, headers, b"", key=key)
        del sent["host"]  # the transport sends it
        self._transport = self._transport or self._make_transport()
        try:
            answer = self._transport(
                "POST", url + path, headers=sent, body=b"", seconds=SECONDS
            )
        except WeChatTimeout:
            return "timeout"
        except WeChatUnavailable as error:
            return "unreachable" if error.nothing_sent else "no_answer"
        except AnswerTooLarge:
            return "no_answer"
        return STARTED if answer.status == 202 else _code(answer.body, answer.status)

    def _start_by_client(
        self, context: Any, key: AccessKey, service: str, function: str
    ) -> str:
        made = _client_module()
        if made is None:
            return "no_client"
        client = made.Client(
            endpoint=self._endpoint(context),
            accessKeyID=key.id,
            accessKeySecret=key.secret,
            securityToken=key.security_token,
            Timeout=SECONDS,
        )
        headers = {"x-fc-invocation-type": "Async"}
        try:
            client.invoke_function(service, function, headers=headers)
        except OSError as error:  # the base of all that its HTTP client raises
            return type(error).__name__
        except Exception as error:
            # Its message holds the document that was answered.
            return _word(getattr(error, "err_code", "")) or "no_answer"
        return STARTED

    def _key(self, context: Any) -> AccessKey | None:
        if not getattr(context, "account_id", ""):
            return None
        credentials = getattr(context, "credentials", None)
        if credentials is None:
            named = (self._environ.get(name, "") for name in _VARIABLES)
            return AccessKey(*named)
        return AccessKey(
            _text(credentials, "access_key_id"),
            _text(credentials, "access_key_secret"),
            _text(credentials, "security_token"),
        )

    def _endpoint(self, context: Any) -> str:
        if self._url:
            return self._url
        account, region = context.account_id, context.region
        return f"https://{account}.{region}-internal.fc.aliyuncs.com"


def _text(found: Any, *names: str) -> str:
    for name in names:
        found = getattr(found, name, None)
    return found if isinstance(found, str) else ""


def _named_alike(context: Any, function: str) -> str:
    """Return what the deployment calls that function.

    FC 3.0 has no services; the name of the calling function ends in its folder's.
    """
    own = _text(context, "function", "name")
    folder = _text(context, "function", "handler").split("/")[-2:-1]
    return own.removesuffix("".join(folder)) + function


def _client_module() -> Any:
    try:
        from fc2 import auth, client  # type: ignore[import-untyped]
    except ImportError:
        return None
    # By default it tries to connect for half a minute.
    client.retries = 0
    # It logs a failed call with all its headers, including the role's token.
    silent = logging.Logger("aliyun-fc2")  # one that nobody can configure
    silent.disabled = True
    client.logging = auth.logging = silent
    return client


def _code(body: bytes, status: int) -> str:
    try:
        answered = json.loads(body)
    except (ValueError, RecursionError):
        answered = None
    code = answered.get("Code") if isinstance(answered, dict) else None
    return _word(code) or str(status)


def _word(code: Any) -> str:
    """Return a code that may stand in the log, else an empty text."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
