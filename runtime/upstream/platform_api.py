"""API of a platform over HTTP: single requests, without redirects or retries.

The transport is a callable, so that tests pass a function in place of the network.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from runtime.errors import WeChatRefused, WeChatUnreachable
from runtime.upstream.answer import Answer, Transport
from runtime.web.stored_body import Body


class PlatformApi:
    """The API host of a platform; a request takes at most `seconds`."""

    refused: ClassVar[type[WeChatRefused]] = WeChatRefused
    """What is raised for an errcode."""

    def __init__(
        self,
        api_url: str,
        transport: Transport,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._api_url = api_url
        self._transport = transport
        self.seconds = seconds

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        seconds: float | None = None,
        hosts: tuple[str, ...] = (),
    ) -> Answer:
        """Send to `target` (path and query, encoded) and return the answer as it is.

        `hosts` are other hosts, tried in turn if no connection can be made; `seconds`
        is for all of them together.
        """
        if body is None and method in ("POST", "PUT", "PATCH"):
            # Without a Content-Length WeChat answers 412.
            body = b""
        until = self._clock() + (seconds or self.seconds)
        others = [f"https://{host}" for host in hosts]
        failure = WeChatUnreachable()
        for base in (self._api_url, *others):
            try:
                return self._transport(
                    method,
                    base + target,
                    headers={"User-Agent": "wechat-gateway", **(headers or {})},
                    body=body,
                    seconds=until - self._clock(),
                )
            except WeChatUnreachable as error:
                failure = error
                if self._clock() >= until:
                    break
        raise failure

    def call(
        self,
        method: str,
        target: str,
        *,
        content: Mapping[str, Any] | None = None,
        hosts: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Return the JSON answer; WeChatRefused if it carries an errcode."""
        body: bytes | None = None
        headers = {}
        if content is not None:
            # Raw UTF-8: WeChat takes \\uXXXX escapes literally.
            body = json.dumps(content, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json"}
        answer = self.send(method, target, headers=headers, body=body, hosts=hosts)
        return answer.success(target.partition("?")[0], refused=self.refused)
