"""Full-release check of an open platform: test accounts that expect fixed answers.

TESTCOMPONENT_MSG_TYPE_TEXT   the text with `_callback` behind, at once
QUERY_AUTH_CODE:CODE          nothing at once; then the code is exchanged, and CODE with
                              `_from_api` behind goes out by a customer-service message
an event                      its type with `from_callback` behind; the newest list of
                              steps has it no more

WeChat takes one of five pairs. A mini program has no passive reply, so its texts go out
by customer-service messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runtime.custody.custody import Custody
from runtime.errors import GatewayError, WeChatRefused
from runtime.registry.authorizers import Authorizers
from runtime.registry.models import App
from runtime.wechat.api import REJECTED_TOKEN, WeChat
from runtime.wechat.authorizations import AuthorizationCode, Authorizations
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.component_tokens import ComponentTokens

ACCOUNTS: Mapping[str, str] = {
    "wx570bc396a51b8ff8": "gh_3c884a361561",
    "wx9252c5e0bb1836fc": "gh_c0f28a78b318",
    "wx8e1097c5bc82cde9": "gh_3f222ed8d140",
    "wx14550af28c71a144": "gh_26128078e9ab",
    "wxa35b9c23cfe664eb": "gh_2b3713f184a6",
}
"""User names of the test accounts that are service accounts, by their appids."""

MINI_PROGRAMS: Mapping[str, str] = {
    "wxd101a85aa106f53e": "gh_8dad206e9538",
    "wxc39235c15087f6f3": "gh_905ae9d01059",
    "wx7720d01d4b2a4500": "gh_393666f1fdf4",
    "wx05d483572dcd5d8b": "gh_39abb5d4e1b7",
    "wx5910277cae6fd970": "gh_7818dcb60240",
}
"""The same of those that are mini programs."""

USER_NAMES: Mapping[str, str] = {**ACCOUNTS, **MINI_PROGRAMS}

TEXT, QUERY = "TESTCOMPONENT_MSG_TYPE_TEXT", "QUERY_AUTH_CODE:"

KIND = "release_check"
"""The kind of the job that sends a message of the check."""

SEND = "/cgi-bin/message/custom/send"


@dataclass(frozen=True, slots=True)
class Step:
    """Answer that the check expects: a reply at once, or a message later; or neither.

    A `message` with a `code` goes out with the token that the code is exchanged for.
    """

    reply: str = ""
    message: str = ""
    code: str = ""


def step_of(appid: str, *, msg_type: str, content: str, event: str) -> Step | None:
    """Return the step that a test account's message asks for, None if it is none."""
    if appid not in USER_NAMES:
        return None
    has_replies = appid in ACCOUNTS
    if msg_type == "event":
        return Step(reply=f"{event}from_callback") if event and has_replies else None
    if msg_type != "text":
        return None
    if content == TEXT:
        answer = f"{TEXT}_callback"
        return Step(reply=answer) if has_replies else Step(message=answer)
    code = content.removeprefix(QUERY)
    if code and code != content:
        return Step(message=f"{code}_from_api", code=code)
    return None


@dataclass(frozen=True, slots=True)
class CheckMessage:
    """Message of the check that deliver sends; `at` is the push's time in seconds."""

    component: str
    appid: str
    openid: str
    text: str
    code: str
    at: int

    def as_text(self) -> str:
        """Return it as the payload of a job."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @staticmethod
    def from_text(text: str) -> CheckMessage:
        """Return what `as_text` made."""
        return CheckMessage(**json.loads(text))


class ReleaseCheck:
    """Sender of the check's messages; `find` returns a component by its appid."""

    def __init__(
        self,
        wechat: WeChat,
        custody: Custody,
        *,
        authorizations: Authorizations,
        authorizers: Authorizers,
        tokens: ComponentTokens,
        find: Callable[[str], App | None],
    ) -> None:
        self._wechat = wechat
        self._custody = custody
        self._authorizations = authorizations
        self._authorizers = authorizers
        self._tokens = tokens
        self._find = find

    def send(self, message: CheckMessage) -> None:
        """Exchange the code, if there is one, and send the message; else GatewayError.

        The code is exchanged once, however often this is tried.
        """
        component = self._find(message.component)
        if component is None:
            raise not_authorized()
        if message.code:
            code = AuthorizationCode(message.code, message.at, message.appid)
            self._authorizations.take(component, code, way="event")
        authorizer = self._authorizers.newest(message.component, message.appid)
        if authorizer is None or not authorizer.stands:
            raise not_authorized()
        source = self._tokens.authorizer_source(authorizer)
        content = {
            "touser": message.openid,
            "msgtype": "text",
            "text": {"content": message.text},
        }
        token = self._custody.get(source).value
        try:
            self._send(component, token, content)
        except WeChatRefused as refused:
            if refused.errcode in REJECTED_TOKEN:
                self._custody.reject(source, token)
            raise

    def _send(self, component: App, token: str, content: Mapping[str, Any]) -> None:
        target = f"{SEND}?access_token={quote(token, safe='')}"
        hosts = component.api_hosts
        self._wechat.call("POST", target, content=content, hosts=hosts)


def helps_no_more(error: GatewayError) -> bool:
    """Tell whether another try of `send` cannot succeed either."""
    return error.errcode in (61003, 61009, 61010)
