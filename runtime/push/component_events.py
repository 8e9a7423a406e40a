"""Events of an open platform as a client gets them: with values of ours.

    ComponentVerifyTicket                        a constant of the client
    AuthorizationCode, auth_code                 a code of ours, good for an hour
    AuthorizationCodeExpiredTime                 when it ends
    PreAuthCode                                  a pre_auth_code of ours

WeChat's own values are not in it any more: whoever takes an event hides them before it
is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from runtime.push.message_fields import read_fields, write_json, write_xml
from runtime.push.push_message import Message, read_message


class Values(Protocol):
    """Values of ours for one client; `code` makes a new one with each call."""

    def ticket(self) -> str: ...

    def pre_auth_code(self) -> str: ...

    def code(self, appid: str) -> tuple[str, int]:
        """Return a code for an account, and the Unix time at which it ends."""


def with_values(message: Message, values: Values) -> Message:
    """Return the event with the client's values in place of WeChat's."""
    made: dict[str, Callable[[], str]] = {
        "ComponentVerifyTicket": values.ticket,
        "PreAuthCode": values.pre_auth_code,
    }
    known = message.fields
    changed = {name: make() for name, make in made.items() if name in known}
    for name in ("AuthorizationCode", "auth_code"):
        if name in known:
            appid = message.get("AuthorizerAppid", "appid")
            code, ends = values.code(appid)
            changed[name] = code
            if "AuthorizationCodeExpiredTime" in known:
                changed["AuthorizationCodeExpiredTime"] = str(ends)
    return _rewritten(message, changed) if changed else message


def _rewritten(message: Message, changed: Mapping[str, str]) -> Message:
    fields = {**read_fields(message), **changed}
    body = write_json(fields) if message.is_json else write_xml(fields)
    return read_message(body)
