"""The language of a request, and the translation of our sentences into it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote_plus

from runtime.errors import BadRequest
from runtime.web.messages import Request

LANGUAGES = ("zh_CN", "zh_TW", "en")
CATALOGUES = Path(__file__).parents[2] / "locale"
COOKIE = "lang"

_MOST_RANGES = 32
_TRADITIONAL = {"hant", "tw", "hk", "mo"}
_WECHAT_LANGUAGE = re.compile(r"\bLanguage/([A-Za-z_-]{2,16})")
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,4}")
_RANGE = re.compile(r"\s*([^;\s]+)\s*(?:;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?")

_log = logging.getLogger(__name__)


def language_of(request: Request, *, default: str = "zh_CN") -> str:
    """Return the language to answer in; nothing in a request makes this an error.

    Who states other languages alone gets English; who states none, the gateway's
    default, or else this one.
    """
    tags = list(_preferred(request))
    for tag in tags:
        if language := known_language(tag):
            return language
    if any(_TAG.fullmatch(tag.lower().replace("_", "-")) for tag in tags):
        return "en"
    return request.default_language() if request.default_language else default


@lru_cache(maxsize=len(LANGUAGES))
def translator(language: str) -> Callable[[str], str]:
    """Return the function that translates our English sentences."""
    if language == "en":
        return _unchanged
    # Only pages need it, and it costs 6 ms of a cold start.
    from gettext import translation

    try:
        return translation("gateway", CATALOGUES, [language]).gettext
    except OSError:
        _log.warning("no catalogue for %s: its pages are in English", language)
        return _unchanged


def known_language(tag: str) -> str | None:
    """Return our language for a tag like `zh-Hant-HK` or `en-US`, None for others."""
    tag = tag.lower().replace("_", "-")
    main, *parts = tag.split("-") if _TAG.fullmatch(tag) else ("",)
    if main == "en":
        return "en"
    if main != "zh":
        return None
    if "hans" in parts or _TRADITIONAL.isdisjoint(parts):
        return "zh_CN"
    return "zh_TW"


def lenient_argument(request: Request, name: str) -> str | None:
    """Return a query argument, None if it is absent, repeated or malformed."""
    try:
        return request.argument(name)
    except BadRequest:
        return None


def url_in_language(url: str, choice: str) -> str:
    """Return the URL with a choice such as `lang=en` in place of its own."""
    path, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair and not _is_language(pair)]
    return f"{path}?{'&'.join([*kept, choice])}"


def _preferred(request: Request) -> Iterator[str]:
    """Yield language tags, the most preferred first."""
    yield lenient_argument(request, "lang") or ""
    # OpenID Connect's ui_locales is a list in order of preference.
    yield from (lenient_argument(request, "ui_locales") or "").split()
    yield request.cookies.get(COOKIE, "")
    yield from _WECHAT_LANGUAGE.findall(request.header("user-agent") or "")
    yield from _accepted(request.header("accept-language") or "")


def _accepted(header: str) -> list[str]:
    """Return the tags of an Accept-Language by weight, without malformed ones."""
    ranges = map(_RANGE.fullmatch, header.split(",", _MOST_RANGES)[:_MOST_RANGES])
    weighted = [(float(match[2] or 1), match[1]) for match in ranges if match]
    weighted.sort(key=lambda pair: -pair[0])
    return [tag for weight, tag in weighted if weight]


def _is_language(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]) in ("lang", "ui_locales")


def _unchanged(sentence: str) -> str:
    return sentence
