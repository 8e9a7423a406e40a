"""Routes of a push: which service may reply to it, and which ones get a copy.

    msg_type, event, info_type    one of the words, in any case
    openid                        one of the openids
    event_key, content            one of the globs: * is any text, ? one character

All fields that a route names must fit; a route without any fits every push. A field
that the push does not have never fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runtime.errors import GatewayError
from runtime.push.push_message import Message
from runtime.push.wecom_pushes import receive_id_for, user_of
from runtime.registry.authorizers import MESSAGES, in_force
from runtime.registry.models import App, Client
from runtime.registry.routes import ACCOUNT, Route

__all__ = [
    "Matched",
    "Route",
    "addressed",
    "is_disabled",
    "matches",
    "matching",
    "receive_id_of",
]

APPID = "$APPID$"
"""Stands in a route's URL for the account's appid, as in a component's message URL."""

CONTENT_CHARACTERS = 64
"""How much of a text's beginning `content` is compared with."""

KEY_CHARACTERS = 1024
"""How much of an event's key is compared; WeChat's longest is a URL of this size."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The routes of one push: the one that may reply, and those that get a copy."""

    replier: Route | None = None
    copies: tuple[Route, ...] = ()


def matching(
    routes: Iterable[Route],
    message: Message,
    *,
    client: Callable[[str], Client | None] = lambda client_id: None,
    of_wecom: bool = False,
) -> Matched:
    """Return the routes that fit a push, in their order.

    The first one with `reply` answers, every other one gets a copy; one with `stop`
    is the last one. A route whose `client` is disabled is passed over.
    """
    replier: Route | None = None
    copies: list[Route] = []
    for route in routes:
        is_for_it = matches(route, message, of_wecom=of_wecom)
        if not is_for_it or is_disabled(route, client):
            continue
        if route.reply and replier is None:
            replier = route
        else:
            copies.append(route)
        if route.stop:
            break
    return Matched(replier, tuple(copies))


def is_disabled(route: Route, client: Callable[[str], Client | None]) -> bool:
    """Tell whether an operator has disabled the route's client.

    It is not if that cannot be found out: no push is lost by it.
    """
    try:
        found = client(route.client)
    except GatewayError:
        return False
    return found is not None and found.disabled


def receive_id_of(route: Route, app: App, owner: str, message: Message) -> str:
    """Return the id for which a push of an account is encrypted to a route.

    `owner` has the route. An open platform encrypts for the component, and so do we,
    also for a route of the account's own document, unless the route says otherwise.
    """
    if app.is_wecom:
        return receive_id_for(app, message)
    if owner != app.appid and route.receive_id != ACCOUNT:
        return owner
    acts = in_force(app.authorizers, MESSAGES)
    if acts is None or route.receive_id == ACCOUNT:
        return app.appid
    return acts.component


def addressed(route: Route, appid: str) -> Route:
    """Return the route with the account's appid in its URL."""
    return replace(route, url=route.url.replace(APPID, appid))


def matches(route: Route, message: Message, *, of_wecom: bool = False) -> bool:
    """Tell whether a push fits all fields that the route names.

    WeCom tells no capital letter of a member's userid from a small one.

    It does not if there is one that only a later version knows: that route is for fewer
    pushes than we could tell.
    """
    compared = {**_FITS, "openid": _is_member} if of_wecom else _FITS
    return all(
        name in compared and compared[name](message, values)
        for name, values in route.match.items()
    )


def _is_word(value: str, words: Sequence[str]) -> bool:
    return bool(value) and value.casefold() in map(str.casefold, words)


def _is_member(message: Message, userids: Sequence[str]) -> bool:
    return user_of(message) in map(str.lower, userids)


def _fits_glob(value: str, globs: Sequence[str]) -> bool:
    return bool(value) and any(fits(value, glob) for glob in globs)


def _text(message: Message) -> str:
    is_text = message.msg_type.casefold() == "text"
    return message.content[:CONTENT_CHARACTERS] if is_text else ""


_FITS: Mapping[str, Callable[[Message, Sequence[str]], bool]] = {
    "msg_type": lambda message, words: _is_word(message.msg_type, words),
    "event": lambda message, words: _is_word(message.event, words),
    "info_type": lambda message, words: _is_word(message.info_type, words),
    "openid": lambda message, openids: message.openid in openids,
    "event_key": lambda message, globs: _fits_glob(
        message.event_key[:KEY_CHARACTERS], globs
    ),
    "content": lambda message, globs: _fits_glob(_text(message), globs),
}


def fits(text: str, glob: str) -> bool:
    """Tell whether the whole text fits: * is any text, ? is one character.

    In the time of their lengths' product at most; a regular expression could need an
    exponential one.
    """
    at = place = 0
    star, resumed = -1, 0
    while at < len(text):
        if place < len(glob) and glob[place] == "*":
            star, resumed = place, at
            place += 1
        elif place < len(glob) and glob[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resumed += 1
            at, place = resumed, star + 1
        else:
            return False
    return not glob[place:].strip("*")
