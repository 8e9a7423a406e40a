"""One API call on its way to WeChat: its token, its tries and its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote_plus

from runtime.errors import WeChatTimeout, WeChatUnavailable
from runtime.registry.registry import App
from runtime.wechat.api import Answer, WeChat

PROXIED_SECONDS = 30.0
"""Of a proxied call, all tries together: it may be a large upload."""

REPEAT_AFTER = 0.2
"""Seconds before a read is repeated once, where WeChat is busy or hung up."""

Tried = Callable[[float], None]
"""Is told of each try how many seconds it took."""


class Exchange:
    """One call's tries, within one time."""

    def __init__(
        self,
        wechat: WeChat,
        app: App,
        method: str,
        *,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        seconds: float,
        on_try: Tried,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._wechat = wechat
        self._hosts = app.api_hosts
        self._method = method
        self._headers = headers
        self._body = body
        self._until = clock() + seconds
        self._on_try = on_try
        self._clock = clock
        self._sleep = sleep

    def run(self, target: str) -> Answer:
        """Return the answer; a read is repeated once."""
        if self._method != "GET":
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
        except WeChatTimeout:
            error = WeChatTimeout()
            error.detail = "system error: no answer in time, the outcome is unknown"
            raise error from None

    def _once(self, target: str) -> Answer:
        began = self._clock()
        if began >= self._until:
            raise WeChatTimeout
        try:
            return self._wechat.send(
                self._method,
                target,
                headers=self._headers,
                body=self._body,
                seconds=self._until - began,
                hosts=self._hosts,
            )
        finally:
            self._on_try(self._clock() - began)


def put_token(target: str, token: str) -> str:
    """Return the target with this access_token in the old one's place, or in front.

    >>> put_token("/cgi-bin/menu/get?a=%2f&access_token=old&b", "new")
    '/cgi-bin/menu/get?a=%2f&access_token=new&b'
    """
    path, _, query = target.partition("?")
    pair = f"access_token={quote(token, safe='')}"
    pairs = query.split("&") if query else []
    places = [place for place, each in enumerate(pairs) if _is_token(each)]
    # WeChat reads the first of two; the second would be one that is not ours.
    kept = [each for place, each in enumerate(pairs) if place not in places[1:]]
    if places:
        kept[places[0]] = pair
    else:
        kept.insert(0, pair)
    return f"{path}?{'&'.join(kept)}"


def _is_token(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]) == "access_token"
