"""Attempts of one call of a platform's API, repeated where that does no harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.errors import (
    AnswerTooLarge,
    OutcomeUnknown,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.upstream.answer import Answer
from runtime.upstream.platform_api import PlatformApi
from runtime.web.stored_body import Body

REPEAT_AFTER = 0.2
"""Seconds before a read is repeated once, where the platform is busy or hung up."""


class Attempts:
    """The attempts of one call, within one timeout."""

    def __init__(
        self,
        api: PlatformApi,
        method: str,
        *,
        is_read: Callable[[str, str], bool],
        hosts: tuple[str, ...] = (),
        headers: Mapping[str, str] | None,
        body: Body | None,
        seconds: float,
        on_attempt: Callable[[float], None],
        in_parts: bool,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._api = api
        self._is_read = is_read
        self._hosts = hosts
        self._method = method
        self._headers = headers
        self._body = body
        self._until = clock() + seconds
        self._on_attempt = on_attempt
        self._in_parts = in_parts
        self._clock = clock
        self._sleep = sleep

    def run(self, target: str) -> Answer:
        """Return the answer; a read is repeated once."""
        if not self._is_read(self._method, target.partition("?")[0]):
            return self._write(target)
        try:
            answer = self._once(target)
            if answer.errcode != -1:
                return answer
        except WeChatTimeout:
            raise
        except WeChatUnavailable:
            pass
        self._sleep(REPEAT_AFTER)
        return self._once(target)

    def _write(self, target: str) -> Answer:
        try:
            return self._once(target)
        except AnswerTooLarge:
            raise AnswerTooLarge(status=504) from None
        except WeChatUnavailable as error:
            if error.nothing_sent:
                raise
            late = isinstance(error, WeChatTimeout)
            cause = "no answer in time" if late else "no whole answer"
            raise OutcomeUnknown(errmsg=f"outcome unknown: {cause}") from None

    def _once(self, target: str) -> Answer:
        began = self._clock()
        if began >= self._until:
            raise WeChatTimeout(nothing_sent=True)
        try:
            answer = self._api.send(
                self._method,
                target,
                headers=self._headers,
                body=self._body,
                seconds=self._until - began,
                hosts=self._hosts,
            )
            return answer if self._in_parts else answer.whole()
        finally:
            self._on_attempt(self._clock() - began)
