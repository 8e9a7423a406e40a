"""Answers from a platform, and the callable that brings one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from runtime.errors import WeChatRefused, WeChatUnavailable
from runtime.web.messages import Headers
from runtime.web.stored_body import Body
from runtime.web.streamed import Rest, joined

log = logging.getLogger("gateway.wechat")

PARSED_AT_ONCE = 64 * 1024
"""Bytes of a JSON answer that is parsed whole for its errcode."""

_RID = re.compile(r",?\s*rid:\s*([0-9A-Za-z-]*)")


# Without slots: `errcode` is kept beside the fields.
@dataclass(frozen=True)
class Answer:
    """A platform's answer; header names are as they came.

    Of a large answer `body` is the beginning, and `rest` brings what follows; its
    reader reads it to the end or closes it. `length` is that of the whole body, where
    `rest` is there and the length is known.
    """

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    rest: Rest | None = field(default=None, repr=False)
    length: int | None = field(default=None, repr=False)

    @property
    def is_file(self) -> bool:
        """Tell whether it is media or a download by its headers."""
        return is_file(self.headers)

    def whole(self) -> Answer:
        """Return the answer with all its body; AnswerTooLarge beyond 6 MB."""
        if self.rest is None:
            return self
        body = joined(self.body, self.rest, length=self.length)
        return replace(self, body=body, rest=None, length=None)

    def close(self) -> None:
        """Read no more of it."""
        if self.rest is not None:
            self.rest.close()

    def json(self) -> dict[str, Any]:
        """Return the JSON object; WeChatUnavailable if it is none.

        Decided by the bytes: JSON may come as text/plain, and with raw control
        characters in nicknames.
        """
        try:
            content = json.loads(self.body.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            raise WeChatUnavailable from None
        if not isinstance(content, dict):
            raise WeChatUnavailable
        return content

    def success(
        self, path: str, *, refused: type[WeChatRefused] = WeChatRefused
    ) -> dict[str, Any]:
        """Return the JSON object; `refused` is raised if it carries an errcode.

        The path is what was called, for the log: only that has WeChat's rid.
        """
        content = self.json()
        if self.status != 200:
            raise WeChatUnavailable
        if self.errcode:
            # By its rid openapi/rid/get shows the call, and with it the AppSecret.
            errmsg = str(content.get("errmsg", ""))
            if rid := _RID.search(errmsg):
                log.info("%s: refused, %d, rid %s", path, self.errcode, rid[1][:64])
            raise refused(self.errcode, _RID.sub("", errmsg))
        return content

    @cached_property
    def errcode(self) -> int:
        """Return the errcode of a JSON answer, 0 where there is none.

        A file is none, whatever its bytes: somebody may have uploaded them so; and so
        is what goes on for more than 1 MB. It is looked for once, however often this
        is asked.
        """
        if not self.body.lstrip().startswith(b"{") or b'"errcode"' not in self.body:
            return 0
        if self.is_file or self.rest is not None:
            return 0
        try:
            return int(self._errcode() or 0)
        except (WeChatUnavailable, TypeError, ValueError, OverflowError):
            return 0

    def _errcode(self) -> Any:
        # A large answer takes a tenth of a second and some 30 MB to parse.
        if len(self.body) > PARSED_AT_ONCE:
            from runtime.upstream.large_json import NOT_THERE, member_at_an_end

            found = member_at_an_end(self.body, "errcode")
            if found is not NOT_THERE:
                return found
        return self.json().get("errcode")


class Transport(Protocol):
    """One HTTP request and its answer; WeChatTimeout or WeChatUnavailable if none."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Body | None,
        seconds: float,
    ) -> Answer: ...


def is_file(headers: Headers) -> bool:
    """Tell whether headers are those of media or of a download."""
    return any(_marks_file(name.lower(), value) for name, value in headers)


def _marks_file(name: str, value: str) -> bool:
    kinds = ("image/", "audio/", "voice/", "video/")
    is_media = name == "content-type" and value.lower().startswith(kinds)
    return is_media or name == "content-disposition"
