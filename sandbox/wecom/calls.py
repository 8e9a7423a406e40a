"""Endpoints of `/qyapi`, and the parts of a call that several of them read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.call import Answer, Call
from sandbox.errors import WeChatError
from sandbox.wecom.corps import OWN, PURPOSES, WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.world import World

ANY = (OWN, *PURPOSES)


@dataclass(frozen=True, slots=True)
class WecomEndpoint:
    """An API that takes a token of an app with one of the `purposes`.

    `posted` ones refuse a GET; `empty` names lists that stand beside an error.
    """

    path: str
    answer: Callable[[World, WecomApp, Call], Answer]
    posted: bool = False
    purposes: tuple[str, ...] = (OWN,)
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenWecomEndpoint:
    """An API without access_token."""

    path: str
    answer: Callable[[World, Call], Answer]
    posted: bool = False
    empty: tuple[str, ...] = ()


AnyEndpoint = WecomEndpoint | OpenWecomEndpoint


def fields_of(call: Call) -> dict[str, Any]:
    """Return the body as a JSON object; WecomError 40058 if it is something else."""
    try:
        return call.fields()
    except WeChatError:
        raise WecomError(40058) from None


def needed(call: Call, name: str, *, missing: int) -> str:
    """Return a query argument; WecomError `missing` without one."""
    value = call.argument(name)
    if not value:
        raise WecomError(missing)
    return value


def text_of(fields: dict[str, Any], name: str, *, missing: int) -> str:
    """Return a text of the body; WecomError `missing` if it is none."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise WecomError(missing)
    return value
