"""WeChat's API over HTTP: one exchange at a time, no redirect, no retry of its own.

The transport is a callable, so that tests pass a function in place of the network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.errors import WeChatRefused, WeChatUnavailable, WeChatUnreachable
from runtime.web.messages import Headers

REJECTED_TOKEN = (40001, 40014, 42001)
"""The errcodes that say: this access_token is no good, another one may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What WeChat sent; header names are as they came."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Return the JSON object; WeChatUnavailable if it is none.

        Decided by the bytes: WeChat says text/plain for JSON, and puts raw control
        characters into nicknames.
        """
        try:
            content = json.loads(self.body.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            raise WeChatUnavailable from None
        if not isinstance(content, dict):
            raise WeChatUnavailable
        return content

    def success(self) -> dict[str, Any]:
        """Return the JSON object; WeChatRefused if it carries an errcode."""
        content = self.json()
        if self.status != 200:
            raise WeChatUnavailable
        if self.errcode:
            raise WeChatRefused(self.errcode, str(content.get("errmsg", "")))
        return content

    @property
    def errcode(self) -> int:
        """Return the errcode of a JSON answer, 0 where there is none.

        A file is none, whatever its bytes: somebody may have uploaded them so.
        """
        if not self.body.lstrip().startswith(b"{") or b'"errcode"' not in self.body:
            return 0
        if any(_is_file(name.lower(), value) for name, value in self.headers):
            return 0
        try:
            return int(self.json().get("errcode") or 0)
        except (WeChatUnavailable, TypeError, ValueError, OverflowError):
            return 0


def _is_file(name: str, value: str) -> bool:
    kinds = ("image/", "audio/", "voice/", "video/")
    is_media = name == "content-type" and value.lower().startswith(kinds)
    return is_media or name == "content-disposition"


class Transport(Protocol):
    """One HTTP exchange; WeChatTimeout or WeChatUnavailable where it fails."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
    ) -> Answer: ...


class WeChat:
    """WeChat's API host; an exchange takes `seconds` at the most."""

    def __init__(self, api_url: str, transport: Transport, *, seconds: float) -> None:
        self._api_url = api_url
        self._transport = transport
        self.seconds = seconds

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float | None = None,
        hosts: tuple[str, ...] = (),
    ) -> Answer:
        """Send to `target` (path and query, encoded) and return the answer as it is.

        `hosts` are WeChat's other ones, tried in turn where no connection comes about.
        """
        if body is None and method in ("POST", "PUT", "PATCH"):
            # Without a Content-Length WeChat answers 412.
            body = b""
        others = [f"https://{host}" for host in hosts]
        for base in (self._api_url, *others):
            try:
                return self._transport(
                    method,
                    base + target,
                    headers={"User-Agent": "wechat-gateway", **(headers or {})},
                    body=body,
                    seconds=seconds or self.seconds,
                )
            except WeChatUnreachable:
                continue
        raise WeChatUnreachable

    def call(
        self,
        method: str,
        target: str,
        *,
        content: Mapping[str, Any] | None = None,
        hosts: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Return the JSON answer; WeChatRefused if it carries an errcode."""
        body, headers = None, {}
        if content is not None:
            # Raw UTF-8: WeChat takes \\uXXXX escapes literally.
            body = json.dumps(content, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json"}
        answer = self.send(method, target, headers=headers, body=body, hosts=hosts)
        return answer.success()
