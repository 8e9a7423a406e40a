"""What a field of a document may hold; a fault is said without the value.

A rule takes a value as JSON has it and returns it in the form that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeGuard
from urllib.parse import SplitResult, parse_qsl

from runtime.registry.ids import APPID
from runtime.web.origins import HOST_NAME, ORIGIN, PORT, is_origin, parts_of

Rule = Callable[[Any], Any]

_PATTERN = re.compile(r"/(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]*\*?|token:read")

LONGEST = 512
"""Characters of a text, whatever else a rule says."""


class Fault(Exception):
    """What is wrong with a value, in words that follow the field's name."""


def word(*words: str) -> Rule:
    """Return a rule that takes one of these words."""

    def rule(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Fault(f"must be {' or '.join(words)}")
        return value

    return rule


def text(pattern: str, says: str) -> Rule:
    """Return a rule that takes text of this pattern, matched whole."""

    def rule(value: Any) -> str:
        if not _is_text(value) or not re.fullmatch(pattern, value):
            raise Fault(f"must be {says}")
        return value

    return rule


def flag(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Fault("must be true or false")
    return value


def whole(least: int, most: int) -> Rule:
    """Return a rule that takes a whole number within these bounds."""

    def rule(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Fault(f"must be a whole number from {least} to {most}")
        return value

    return rule


def many(rule: Rule, *, least: int = 0, most: int = 100) -> Rule:
    """Return a rule that takes a list without repetition, each item by `rule`."""

    def each(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
            raise Fault(f"must be a list of {least} to {most}")
        kept = [_item(rule, place, item) for place, item in enumerate(value, 1)]
        if len(set(kept)) < len(kept):
            raise Fault("must not name one twice")
        return kept

    return each


def _item(rule: Rule, place: int, item: Any) -> Any:
    try:
        return rule(item)
    except Fault as fault:
        raise Fault(f"number {place} {fault}") from None


app_id = text(APPID, "wx and 16 hexadecimal digits")


def scope(value: Any) -> str:
    """Take a path pattern such as `/cgi-bin/message/*`, or the word token:read."""
    fits = isinstance(value, str) and len(value) <= 128 and _PATTERN.fullmatch(value)
    if not fits or ".." in value:
        raise Fault("must be a path, with * at its end alone, or token:read")
    return str(value)


# RFC 3986's characters without the asterisk, which some take for a wildcard.
_REST = r"(?:[\w./:?@!$&'()+,;=~-]|%[0-9A-Fa-f]{2})*"

_ADDRESS = re.compile(rf"{ORIGIN}(?:[/?]{_REST})?", re.A)

_FRAGMENT = re.compile(_REST, re.A)

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

host = text(
    rf"(?=.{{1,253}}\Z){HOST_NAME}", "a host name in lower case, without a port"
)

wechat_host = text(
    rf"(?:{HOST_NAME}\.)?weixin\.qq\.com|(?:127\.0\.0\.1|localhost)(?:{PORT})?",
    "a host of weixin.qq.com, or one of this machine",
)


def origin(value: Any) -> str:
    """Take an origin exactly as a browser sends it."""
    if not _is_text(value) or not is_origin(value):
        raise Fault("must be an origin such as https://app.example.com, no more")
    return value


def home(value: Any) -> str:
    """Take an address for a link; what follows # is the page's own affair."""
    if not _is_text(value):
        raise Fault(f"must be an address of {LONGEST} characters at most")
    address, _, fragment = value.partition("#")
    _address(address)
    if not _FRAGMENT.fullmatch(fragment):
        raise Fault("must be percent-encoded behind the #")
    return value


def _exact_address(*ours: str) -> Rule:
    def rule(value: Any) -> str:
        query = _address(value).query
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        if names.intersection(ours):
            raise Fault(f"must not have {' or '.join(ours)} in its query")
        return str(value)

    return rule


# Compared letter by letter, and nobody misreads them. What we add stands in no query.
redirect_uri = _exact_address("code", "state", "iss", "error")

post_logout_redirect_uri = _exact_address("state")


def _address(value: Any) -> SplitResult:
    parts = parts_of(value) if _is_text(value) else None
    if parts is None:
        raise Fault(f"must be an absolute address of {LONGEST} characters at most")
    if not _ADDRESS.fullmatch(value):
        raise Fault("must have a host in lower case and no user, fragment or *")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Fault("must be https://, or http:// on loopback")
    return parts


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= LONGEST
