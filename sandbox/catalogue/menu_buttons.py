"""Rules for a menu's buttons, with an errcode for each violation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.catalogue.fields import appid
from sandbox.catalogue.state.menus import Button
from sandbox.errors import WeChatError

KEY_BYTES = 128
URL_BYTES = 1024
PAGEPATH_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Level:
    """The limits of a level: the number of buttons, their names, and its errcodes."""

    most: int
    name_bytes: int
    size: int
    kind: int
    name: int
    key: int
    url: int
    domain: int
    media: int


FIRST = Level(3, 16, 40016, 40017, 40018, 40019, 40020, 40055, 40117)
SECOND = Level(5, 60, 40023, 40024, 40025, 40026, 40027, 40054, 40118)


def check_buttons(buttons: Any, *, untyped: int | None = None) -> Sequence[Button]:
    """Return a checked `button`; `untyped` is the code for a button without a type."""
    if not isinstance(buttons, list):
        raise WeChatError(40015)
    _check_level(buttons, FIRST, untyped)
    return buttons


def _check_level(buttons: Sequence[Any], level: Level, untyped: int | None) -> None:
    if not 1 <= len(buttons) <= level.most:
        raise WeChatError(level.size)
    for button in buttons:
        if not isinstance(button, dict):
            raise WeChatError(level.kind)
        _require(button.get("name"), level.name_bytes, errcode=level.name)
        _check_button(button, level, untyped)


def _check_button(button: Button, level: Level, untyped: int | None) -> None:
    below = button.get("sub_button", [])
    if not isinstance(below, list):
        raise WeChatError(41007)
    if below and level is SECOND:
        raise WeChatError(40022)
    if below:
        _check_level(below, SECOND, untyped)
        return
    if "type" not in button and untyped is not None:
        raise WeChatError(untyped)
    check = ACTIONS.get(str(button.get("type")))
    if check is None:
        raise WeChatError(level.kind)
    check(button, level)


def _check_key(button: Button, level: Level) -> None:
    _require(button.get("key"), KEY_BYTES, errcode=level.key)


def _check_view(button: Button, level: Level) -> None:
    _require(button.get("url"), URL_BYTES, errcode=level.url)
    if not _is_web_address(button["url"]):
        raise WeChatError(level.domain)


def _check_miniprogram(button: Button, level: Level) -> None:
    _check_view(button, level)  # the page that old clients show instead
    appid(button, "appid", wrong=40166)
    _require(button.get("pagepath"), PAGEPATH_BYTES, errcode=40165)


def _check_media(button: Button, level: Level) -> None:
    _require(button.get("media_id"), KEY_BYTES, errcode=level.media)


def _check_article(button: Button, level: Level) -> None:
    _require(button.get("article_id"), KEY_BYTES, errcode=level.media)


def _require(value: Any, most: int, *, errcode: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise WeChatError(errcode)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


ACTIONS: dict[str, Callable[[Button, Level], None]] = {
    "click": _check_key,
    "view": _check_view,
    "miniprogram": _check_miniprogram,
    "scancode_push": _check_key,
    "scancode_waitmsg": _check_key,
    "pic_sysphoto": _check_key,
    "pic_photo_or_album": _check_key,
    "pic_weixin": _check_key,
    "location_select": _check_key,
    "media_id": _check_media,
    "view_limited": _check_media,
    "article_id": _check_article,
    "article_view_limited": _check_article,
}
