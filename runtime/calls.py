"""A call of WeChat's API with an app's real token, put in on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from runtime.credentials import TICKET_TYPES, AccessToken, Ticket
from runtime.custody import Custody
from runtime.errors import WeChatRefused, WeChatUnavailable
from runtime.lease import Token
from runtime.registry import App
from runtime.wechat import REJECTED_TOKEN, Answer, WeChat

PROXIED_SECONDS = 30.0
"""A proxied call may be a large upload; a token is wanted sooner."""


class Calls:
    """Calls WeChat for an app; a rejected token is replaced and tried once more."""

    def __init__(self, wechat: WeChat, custody: Custody) -> None:
        self._wechat = wechat
        self._custody = custody

    def send(
        self,
        app: App,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Return WeChat's answer to `target` (path and query without a token)."""
        source = self.access_token_source(app)
        for last in (False, True):
            token = self._custody.get(source).value
            with_token = put_token(target, token)
            answer = self._wechat.send(
                method, with_token, headers=headers, body=body, seconds=PROXIED_SECONDS
            )
            if answer.errcode not in REJECTED_TOKEN:
                self._custody.confirm(source, token)
                break
            if not last:
                self._custody.reject(source, token)
        return answer

    def get_json(self, app: App, target: str) -> dict[str, Any]:
        """Return the JSON answer to a GET; WeChatRefused if it has an errcode."""
        answer = self.send(app, "GET", target)
        result = answer.json()
        if answer.status != 200:
            raise WeChatUnavailable
        if answer.errcode:
            raise WeChatRefused(answer.errcode, str(result.get("errmsg", "")))
        return result

    def access_token(self, app: App) -> Token:
        """Return the app's access_token from custody."""
        return self._custody.get(self.access_token_source(app))

    def ticket(self, app: App, type_: str) -> Token:
        """Return the app's jsapi or wx_card ticket from custody."""
        return self._custody.get(Ticket(app, type_, self.get_json))

    def access_token_source(self, app: App) -> AccessToken:
        """Return where the app's access_token comes from."""
        return AccessToken(app, self._wechat)

    def ticket_sources(self, app: App) -> list[Ticket]:
        """Return where the app's tickets come from."""
        return [Ticket(app, type_, self.get_json) for type_ in TICKET_TYPES]


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
