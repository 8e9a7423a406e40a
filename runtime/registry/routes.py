"""Routes of an app's pushes: which service gets which push, and how.

    {"id": "5f0c2a9d41e7", "client": "orders", "url": "https://orders.example.com/wx",
     "match": {"msg_type": ["event"], "event_key": ["order_*"]}, "reply": true,
     "token": "...", "encoding_aes_key": "..."}

The field `routes` of a document is a list of these, in the order in which they count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.state.stored_fields import known_fields

WECHAT, EVENT = "wechat", "event"
"""Words for `format`: as WeChat would have sent it, or a CloudEvent."""

CUSTOMER_SERVICE, OFF = "customer_service", "off"
"""Words for `late_reply`."""

COMPONENT, ACCOUNT = "component", "account"
"""Words for `receive_id`."""

REPLY_WITHIN = 4.0
"""Seconds that a service has to reply; WeChat itself waits five."""


@dataclass(frozen=True, slots=True)
class Route:
    """A service that gets pushes of an app; `id` is never used for another one.

    `match` maps a field to the values of which one must fit, see
    `runtime.push.routes`. A route with `reply` may answer WeChat, any other one gets a
    copy; `stop` ends the list of routes. A push in the format "wechat" is signed by
    `token` and encrypted by `encoding_aes_key`, which are the route's own; without the
    key it is plain text. One in the format "event" is signed by `secret`.

    `late_reply` is "customer_service", "off", or "" for what the app's kind can do.
    `hold` is for how many seconds WeChat is kept waiting for a late reply, 0 for none.
    `receive_id` says for which appid the pushes of an account that has authorised a
    component are encrypted: the component's, as the platform does it, or the account's.
    With `ordered` later pushes of a user wait for an earlier one that failed.
    """

    id: str
    client: str
    url: str = field(repr=False)
    format: str = WECHAT
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    reply: bool = False
    stop: bool = False
    token: str = field(default="", repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    late_reply: str = ""
    hold: float = 0.0
    receive_id: str = COMPONENT
    ordered: bool = False
    reply_within: float = REPLY_WITHIN

    @property
    def plain(self) -> bool:
        """Tell whether its pushes are plain text, without encryption."""
        return self.format == WECHAT and not self.encoding_aes_key


def routes_of(stored: Any) -> tuple[Route, ...]:
    """Return the routes of a document's field; TypeError or KeyError if it is none."""
    if not isinstance(stored, (list, tuple)):
        raise TypeError("routes")
    return tuple(map(_route, stored))


def _route(stored: Any) -> Route:
    if not isinstance(stored, Mapping):
        raise TypeError("route")
    fields = known_fields(Route, stored)
    for name, value in fields.items():
        if not isinstance(value, _TYPES[Route.__dataclass_fields__[name].type]):
            raise TypeError(name)
    fields["match"] = {
        str(name): _texts(values) for name, values in fields.get("match", {}).items()
    }
    return Route(**fields)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError("match")
    if not all(isinstance(each, str) for each in value):
        raise TypeError("match")
    return tuple(value)


_TYPES: Mapping[Any, Any] = {
    "str": str,
    "bool": bool,
    "float": (int, float),
    "Mapping[str, tuple[str, ...]]": Mapping,
}
