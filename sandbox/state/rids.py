"""Records of failed calls, by request id."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.errors import WeChatError

LIFE = 7 * 86400


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call as `openapi/rid/get` tells it, secrets and all."""

    appid: str | None
    invoke_time: int
    cost_in_ms: int
    request_url: str
    request_body: str
    response_body: str


class Rids:
    """Failed calls of seven days, each for the account that made it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[str, FailedCall] = {}

    def keep(self, rid: str, call: FailedCall) -> None:
        """Remember a failed call."""
        self._calls[rid] = call

    def of(self, appid: str, rid: str) -> FailedCall:
        """Return that call; WeChatError 40097 if it is not this account's."""
        call = self._calls.get(rid)
        if call is None or call.appid != appid:
            raise WeChatError(40097)
        if call.invoke_time + LIFE <= self._clock.now():
            raise WeChatError(40097)
        return call
