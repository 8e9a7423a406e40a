"""One API call on its way to WeChat: its token, its tries and its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote_plus

from runtime.errors import WeChatTimeout, WeChatUnavailable
from runtime.registry import App
from runtime.wechat import Answer, WeChat

PROXIED_SECONDS = 30.0
"""A proxied call may be a large upload; a token is wanted sooner."""

REPEAT_AFTER = 0.2
"""Seconds before a read is repeated once, where WeChat is busy or hung up."""

READS = ("GET", "HEAD")


class Exchange:
    """One call's tries, counted and timed."""

    def __init__(
        self,
        wechat: WeChat,
        app: App,
        method: str,
        *,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._wechat = wechat
        self._hosts = app.api_hosts
        self._method = method
        self._headers = headers
        self._body = body
        self._clock = clock
        self._sleep = sleep
        self.tries = 0
        self.seconds = 0.0

    def run(self, target: str) -> Answer:
        """Return the answer; a read is repeated once."""
        if self._method not in READS:
            return self._once(target)
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

    def _once(self, target: str) -> Answer:
        self.tries += 1
        began = self._clock()
        try:
            return self._wechat.send(
                self._method,
                target,
                headers=self._headers,
                body=self._body,
                seconds=PROXIED_SECONDS,
                hosts=self._hosts,
            )
        finally:
            self.seconds += self._clock() - began


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
