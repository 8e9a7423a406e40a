"""Rules for the values of a document's fields; an error never repeats the value.

A rule takes a value of JSON and returns it in the form that the document holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard
from urllib.parse import SplitResult, parse_qsl

from runtime.registry.ids import (
    ALL_ACCOUNTS,
    APPID,
    CORPID,
    PROOF_NAME,
    WECOM_ID,
    WECOM_NAME,
)
from runtime.registry.models import ANYONE, KNOWN
from runtime.web.origins import HOST_NAME, ORIGIN, PORT, is_origin, parts_of

Rule = Callable[[Any], Any]

LONGEST = 512
"""Most characters of a text, whatever else a rule says."""

LONGEST_EMAIL = 254
"""Characters, by RFC 5321."""

_EMAIL = re.compile(
    rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@"
    rf"(?=[^@]*\.){HOST_NAME}"
)

MOST_PROOFS = 50
"""Of an app: each of WeChat's consoles wants one a domain, and another when it asks."""

_PROOF = re.compile(r"[ -~]{1,512}(?:\r?\n)?")
_SCOPE = re.compile(r"/(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]*\*?|token:read")
# The characters of RFC 3986 without the asterisk, which some read as a wildcard.
_REST = r"(?:[\w./:?@!$&'()+,;=~-]|%[0-9A-Fa-f]{2})*"
_URL = re.compile(rf"{ORIGIN}(?:[/?]{_REST})?", re.A)
_FRAGMENT = re.compile(_REST, re.A)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Fault(Exception):
    """A value is not accepted; the message follows the field's name."""


def word(*words: str) -> Rule:
    """Return a rule that accepts one of these words."""

    def rule(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Fault(f"must be {' or '.join(words)}")
        return value

    return rule


def text(pattern: str, description: str) -> Rule:
    """Return a rule that accepts text that matches this pattern as a whole."""

    def rule(value: Any) -> str:
        if not _is_text(value) or not re.fullmatch(pattern, value):
            raise Fault(f"must be {description}")
        return value

    return rule


def flag(value: Any) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise Fault("must be true or false")
    return value


def whole(least: int, most: int) -> Rule:
    """Return a rule that accepts a whole number within these bounds."""

    def rule(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Fault(f"must be a whole number from {least} to {most}")
        return value

    return rule


def between(least: float, most: float) -> Rule:
    """Return a rule that accepts a number within these bounds."""

    def rule(value: Any) -> float:
        if type(value) not in (int, float) or not least <= value <= most:
            raise Fault(f"must be a number from {least:g} to {most:g}")
        return float(value)

    return rule


def many(rule: Rule, *, least: int = 0, most: int = 100) -> Rule:
    """Return a rule that accepts a list without repetition, each item by `rule`."""

    def each(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
            raise Fault(f"must be a list of {least} to {most}")
        items = [_item(rule, place, item) for place, item in enumerate(value, 1)]
        if len(set(items)) < len(items):
            raise Fault("must not name one twice")
        return items

    return each


def _item(rule: Rule, place: int, item: Any) -> Any:
    try:
        return rule(item)
    except Fault as fault:
        raise Fault(f"number {place} {fault}") from None


app_id = text(APPID, "wx and 16 hexadecimal digits")

push_token = text(r"[A-Za-z0-9]{3,32}", "3 to 32 letters and digits")

aes_key = text(r"[A-Za-z0-9]{43}", "43 letters and digits")
app_key = text(
    rf"{APPID}|{ALL_ACCOUNTS}|{WECOM_ID}",
    "wx and 16 hexadecimal digits, those of a component with -* behind, or a WeCom "
    "corpid-agentid",
)

corp_id = text(CORPID, "ww or wx and 16 hexadecimal digits")

wecom_id = text(
    WECOM_ID, "a corpid, a hyphen and an agentid, contacts, customers or kf"
)

wecom_name = text(WECOM_NAME, "an agentid, or contacts, customers or kf")

wecom_secret = text(
    r"[A-Za-z0-9_-]{20,128}", "20 to 128 letters, digits, _ or -, as WeCom shows it"
)

receive_id = text(
    r"(?:(?:w[wxpo]|tj|dk)[A-Za-z0-9_-]{1,62})?",
    "an id such as ww0123456789abcdef, or an empty text",
)

MOST_ROBOTS = 50

ROBOT_FIELDS = ("name", "key")

_robot_name = text(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, _ or -")

_robot_key = text(r"[A-Za-z0-9_-]{8,128}", "what stands behind key= in its address")


def robots(value: Any) -> list[dict[str, str]]:
    """Accept the webhook keys of group robots, each with a name of ours."""
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ROBOTS:
        raise Fault(f"must be a list of up to {MOST_ROBOTS}")
    checked = []
    for place, each in enumerate(value, 1):
        if not isinstance(each, Mapping) or set(each) != set(ROBOT_FIELDS):
            raise Fault(f"number {place} must be name and key")
        try:
            name, key = _robot_name(each["name"]), _robot_key(each["key"])
        except Fault as fault:
            raise Fault(f"number {place} has a name or a key that {fault}") from None
        checked.append({"name": name, "key": key})
    if len({each["name"] for each in checked}) < len(checked):
        raise Fault("must not name one twice")
    return checked


def scope(value: Any) -> str:
    """Accept a path pattern such as `/cgi-bin/message/*`, or the word token:read."""
    fits = isinstance(value, str) and len(value) <= 128 and _SCOPE.fullmatch(value)
    if not fits or ".." in value:
        raise Fault("must be a path, with * at its end alone, or token:read")
    return str(value)


_subject = text(
    r"[A-Za-z0-9_-]{1,128}(?::[A-Za-z0-9_.@-]{1,64})?",
    "an openid or a unionid, as the app's subject is, or a WeCom corpid:userid",
)


def subject(value: Any) -> str:
    """Accept a user's sub, and put the userid of a member of WeCom into lower case."""
    corpid, colon, userid = str(_subject(value)).partition(":")
    return f"{corpid}{colon}{userid.lower()}"


group = text(
    rf"(?!(?:{ANYONE}|{KNOWN})\Z)[\w+/@:][\w.+/@:-]{{0,63}}",
    "1 to 64 letters, digits and any of _ . + / @ : -, and neither anyone nor known",
)


def allowed(value: Any) -> str | list[str]:
    """Accept the words for everybody and for known people, or a list of groups."""
    if value in (ANYONE, KNOWN):
        return str(value)
    if not isinstance(value, (list, tuple)):
        raise Fault(f"must be {ANYONE}, {KNOWN} or a list of groups")
    groups: list[str] = many(group, least=1)(value)
    return groups


def email(value: Any) -> str:
    """Accept an e-mail address and put it into lower case.

    Two spellings of one address would be two accounts at some clients.
    """
    if not isinstance(value, str) or len(value) > LONGEST_EMAIL:
        raise Fault("must be an e-mail address")
    if not _EMAIL.fullmatch(value.lower()):
        raise Fault("must be an e-mail address such as li@example.com")
    return value.lower()


def domain_proofs(value: Any) -> dict[str, str]:
    """Accept the texts of files at the root by their names."""
    if not isinstance(value, Mapping) or len(value) > MOST_PROOFS:
        raise Fault(f"must be up to {MOST_PROOFS} texts by file name")
    for name, content in value.items():
        if not re.fullmatch(PROOF_NAME, str(name)) or name == "robots.txt":
            raise Fault("must name files such as MP_verify_X.txt, X of A-Za-z0-9_-")
        if not isinstance(content, str) or not _PROOF.fullmatch(content):
            raise Fault(f"must have a line of 1 to {LONGEST} characters for each file")
    return dict(value)


host = text(
    rf"(?=.{{1,253}}\Z){HOST_NAME}", "a host name in lower case, without a port"
)

wechat_host = text(
    rf"(?:{HOST_NAME}\.)?weixin\.qq\.com|(?:127\.0\.0\.1|localhost)(?:{PORT})?",
    "a host of weixin.qq.com, or one of this machine",
)


def origin(value: Any) -> str:
    """Accept an origin exactly as a browser sends it."""
    if not _is_text(value) or not is_origin(value):
        raise Fault("must be an origin such as https://app.example.com, no more")
    return value


def frame_origin(value: Any) -> str:
    """Accept the origin of a page that may frame the sign-in, for a policy to name."""
    parts = parts_of(origin(value))
    # A Content-Security-Policy cannot name an IPv6 address.
    if parts is None or ":" in str(parts.hostname):
        raise Fault("must have a host name or an IPv4 address")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Fault("must be https://, or http:// on loopback")
    return str(value)


def home(value: Any) -> str:
    """Accept a URL for a link; the fragment is for the page itself."""
    if not _is_text(value):
        raise Fault(f"must be a URL of {LONGEST} characters at most")
    _before_fragment(value)
    return value


def exact_url(*ours: str, fragment: bool = False) -> Rule:
    """Return a rule for a URL that is compared as text, without our parameters.

    `fragment` tells whether it may have one, such as the route of a web page.
    """

    def rule(value: Any) -> str:
        parts = _before_fragment(value) if fragment else _url_parts(value)
        _check_query(parts.query, ours)
        return str(value)

    return rule


_PUSH_WORDS = (
    *("signature", "msg_signature", "timestamp", "nonce", "openid", "encrypt_type"),
    "echostr",
)


def target_url(value: Any) -> str:
    """Accept the URL of a service; whether it may be http depends on its address."""
    _check_query(_target(value).query, _PUSH_WORDS)
    return str(value)


def logout_url(value: Any) -> str:
    """Accept such a URL to which a logout token is posted."""
    _target(value)
    return str(value)


def _target(value: Any) -> SplitResult:
    parts = parts_of(value) if _is_text(value) else None
    if parts is None:
        raise Fault(f"must be an absolute URL of {LONGEST} characters at most")
    if parts.scheme not in ("https", "http"):
        raise Fault("must begin with https://, or http:// in an allowed network")
    if not _URL.fullmatch(value):
        raise Fault("must have a host in lower case and no user, fragment or *")
    return parts


OWN_SCHEME = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:/", re.A)
"""A private-use scheme of an app, RFC 8252, 7.1: a domain name turned round.

The period is required: no scheme that a system or a browser understands has one.
"""

_OWN_SCHEME_URL = re.compile(rf"{OWN_SCHEME.pattern}{_REST}", re.A)

_OUR_WORDS = ("code", "state", "iss", "error")


def _own_scheme_or(rule: Rule, *ours: str) -> Rule:
    """Return a rule that accepts an app's private-use scheme besides."""

    def own_or_web(value: Any) -> str:
        if _is_text(value) and _OWN_SCHEME_URL.fullmatch(value):
            _check_query(value.partition("?")[2], ours)
            return value
        return str(rule(value))

    return own_or_web


redirect_uri = _own_scheme_or(exact_url(*_OUR_WORDS, fragment=True), *_OUR_WORDS)

post_logout_redirect_uri = _own_scheme_or(exact_url("state"), "state")


def _check_query(query: str, ours: tuple[str, ...]) -> None:
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    if names.intersection(ours):
        raise Fault(f"must not have {' or '.join(ours)} in its query")


def _before_fragment(value: Any) -> SplitResult:
    """Return the parts of a URL that may have a fragment, without it."""
    if not _is_text(value) or "#" not in value:
        return _url_parts(value)
    url, _, fragment = value.partition("#")
    parts = _url_parts(url)
    if not _FRAGMENT.fullmatch(fragment):
        raise Fault("must be percent-encoded behind the #")
    return parts


def _url_parts(value: Any) -> SplitResult:
    parts = parts_of(value) if _is_text(value) else None
    if parts is None:
        raise Fault(f"must be an absolute URL of {LONGEST} characters at most")
    if not _URL.fullmatch(value):
        raise Fault("must have a host in lower case and no user, fragment or *")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Fault("must be https://, or http:// on loopback")
    return parts


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= LONGEST
