"""Targets of a redirect after sign-in, judged by a WHATWG parser as in a browser."""

from __future__ import annotations

import re
from urllib.parse import unquote

import ada_url
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.web.messages import redirect
from runtime.web.next_url import DEFAULT_NEXT, safe_next

OURS = "https://gateway.example.com"
APP = "https://app.example.com"
ORIGINS = (APP, "http://127.0.0.1:9000")

REFUSED = [
    # 1: another host without a scheme
    *("//evil.com", "///evil.com", "////evil.com//", "/a//evil.com"),
    # 2, 3: what browsers turn into slashes, or drop
    *("/\\evil.com", "\\/\\/evil.com", "/\\/evil.com", "\\evil.com"),
    *("/%09/evil.com", "/\t/evil.com", "/\n\\evil.com", "\t//evil.com", " //evil.com"),
    # 4, 5: encoded slashes, dot segments
    *("/%2f%2fevil.com", "/%5cevil.com", "/%2F/evil.com", "/%00/evil.com"),
    *("/./\\evil.com", "/../..//evil.com", "/.//evil.com", "/%2e%2e//evil.com"),
    *("/a/../b", "/a/..", "/.", "/a/%2e%2E/b"),
    # 6, 7: schemes
    *("https:evil.com", "https:/evil.com", "http:///evil.com", "HTTPS://evil.com"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"),
    *("weixin://dl", "java\nscript:alert(1)", "about:blank", "file:///etc/passwd"),
    # 8: users
    "https://app.example.com@evil.com",
    "https://evil.com\\@app.example.com",
    "https://app.example.com:x@evil.com",
    "https://@app.example.com/",
    # 9: neighbours
    "https://app.example.com.evil.com",
    "https://evilapp.example.com",
    "https://app.example.com.",
    "https://example.com",
    # 10: other letters
    *("https://ａｐｐ.example.com", "https://evil。com", "/\u3000/evil.com"),
    "https://app.example.com℀.evil.com",
    "https://аpp.example.com",
    # 11: what parsers choke on
    *("//[", "http://[::1", "https://a:99999/", "https://[", "https://", "http:"),
    # 12: another port or scheme, and an origin written otherwise
    "https://app.example.com:444",
    "http://app.example.com",
    "https://app.example.com:443/",
    "https://APP.example.com/",
    # 13: line ends
    *("/a%0d%0aSet-Cookie:x=1", "/a\r\nSet-Cookie: x=1", "/a\x85b", "/a\u2028b"),
    # 16: length
    "/" + "a" * 10_240,
    # 17: our own pages that do something
    *("/logout", "/login", "/login?next=/a", "/connect/oauth2/authorize", "/oidc/x"),
    *("/oauth_callback/wx1", "/admin/", "/wechat_api/cgi-bin/token", "/login/logout"),
    # 19: nothing
    *("", None, "/"),
    # and what is no address at all
    *("a", "a/b", "?a=b", "#a", "*", ".", "..", "/\ud800", "/a\u200bb", "/a b"),
]
KEPT = {
    # 14: the query is free
    "/a?next=//evil": "/a?next=//evil",
    "/a?b=%2f%5c&c=../..": "/a?b=%2f%5c&c=../..",
    # 18: the answer is ASCII
    "/张": "/%E5%BC%A0",
    "/%E5%BC%A0": "/%E5%BC%A0",
    "/a?b=张#张": "/a?b=%E5%BC%A0#%E5%BC%A0",
    "/a,b;c=d!$&'()*+:@": "/a,b;c=d!$&'()*+:@",
    '/a"<>^`{|}': "/a%22%3C%3E%5E%60%7B%7C%7D",
    "/a/.well-known/b..c": "/a/.well-known/b..c",
    "/login/me": "/login/me",
    "/login/me?lang=en": "/login/me?lang=en",
    "/logins": "/logins",
    f"{APP}": APP,
    f"{APP}/": f"{APP}/",
    f"{APP}/login?a=b": f"{APP}/login?a=b",
    f"{APP}?a=//b": f"{APP}?a=//b",
    f"{APP}#a": f"{APP}#a",
    "http://127.0.0.1:9000/x": "http://127.0.0.1:9000/x",
}


@pytest.mark.case(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 19)
@pytest.mark.parametrize("value", REFUSED)
def test_refused(value):
    """What could lead elsewhere, or nowhere, becomes the default."""
    assert DEFAULT_NEXT == safe_next(value, origins=ORIGINS)


@pytest.mark.case(14, 18)
@pytest.mark.parametrize(("value", "expected"), KEPT.items())
def test_kept(value, expected):
    """A path of ours or an exact origin is kept, in ASCII."""
    assert expected == safe_next(value, origins=ORIGINS)
    assert expected == safe_next(expected, origins=ORIGINS)


@pytest.mark.case(8, 9, 12, 17)
@pytest.mark.parametrize("value", [each for each in REFUSED if each])
def test_our_own_address_is_no_better_than_its_path(value):
    """What is refused alone is refused behind it, and what only begins like it."""
    assert DEFAULT_NEXT == safe_next(f"{OURS}{value}", origins=ORIGINS, own=OURS)
    assert DEFAULT_NEXT == safe_next(value, origins=ORIGINS, own=OURS)


@pytest.mark.case(8, 9, 12)
@pytest.mark.parametrize(
    "value",
    [
        *(OURS, f"{OURS}/", f"{OURS}?a", f"{OURS}#a", f"{OURS}//evil.com"),
        *(f"{OURS}.evil.com/", f"{OURS}@evil.com/", f"{OURS}:x@evil.com/"),
        *(f"{OURS}:443/a", f"{OURS}\\evil.com/", f"{OURS}/{OURS}/a", f"{OURS}{OURS}/a"),
        *(f"x{OURS}/a", f" {OURS}/a", OURS.replace("https", "http") + "/a"),
    ],
)
def test_what_is_not_quite_our_own_address(value):
    """An exact beginning, and then a path."""
    assert DEFAULT_NEXT == safe_next(value, origins=ORIGINS, own=OURS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(value, expected) for value, expected in KEPT.items() if value[0] == "/"],
)
def test_our_own_address_is_its_path(value, expected):
    """Tornado's @authenticated sends a page's whole address."""
    assert expected == safe_next(f"{OURS}{value}", own=OURS)
    assert DEFAULT_NEXT == safe_next(f"{OURS}{value}")


def test_no_origin_is_known_unless_named():
    """Without a list of origins only paths of ours pass."""
    assert DEFAULT_NEXT == safe_next(f"{APP}/a")
    assert "/a" == safe_next("/a")


def test_the_default_is_the_callers():
    """A caller may name another place to fall back to."""
    assert "/start" == safe_next("//evil.com", default="/start")


@pytest.mark.case(16)
def test_longest():
    """2048 characters of the address as it is sent pass, one more does not."""
    assert "/" + "a" * 2047 == safe_next("/" + "a" * 2047)
    assert DEFAULT_NEXT == safe_next("/" + "a" * 2048)
    assert DEFAULT_NEXT == safe_next("/" + "张" * 228)


PIECES = st.sampled_from(
    [
        *("/", "//", "\\", ".", "..", "%2f", "%5C", "%2e", "%09", "%", "%zz", "?", "#"),
        *("https:", "http:", "HTTPS:", "javascript:", "//evil.com", "@", ":", ":443"),
        *(APP, "app.example.com", "evil.com", "127.0.0.1:9000", "gateway.example.com"),
        *("\t", "\n", "\r", "\x00", " ", "\u3000", "\u2028", "。", "℀", "张", "a", "b"),
        *(
            "'",
            '"',
            "<",
            "^",
            "`",
            "{",
            "|",
            "[",
            "]",
            "&",
            "=",
            "+",
            ";",
            ",",
            "login",
        ),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(PIECES, max_size=6).map(lambda pieces: "/" + "".join(pieces)),
    st.lists(PIECES, max_size=6).map(lambda pieces: APP + "".join(pieces)),
    st.lists(PIECES, max_size=6).map(lambda pieces: OURS + "".join(pieces)),
    st.text(max_size=30).map(lambda text: "/" + text),
)


@pytest.mark.case(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 18)
@settings(max_examples=3000, deadline=None)
@given(value=TEXTS)
@example("/a?b='")
@example(f"{APP}?")
@example("/%zz#")
def test_whatever_passes_stays_where_it_says(value):
    """A browser that follows the Location reaches our origin or an exact one, and the
    very address that was asked for."""
    response = redirect(safe_next(value, origins=ORIGINS, own=OURS))
    location = dict(response.headers)["Location"]

    assert re.fullmatch(r"[\x21-\x7e]+", location)
    reached = ada_url.URL(location, base=OURS)
    assert reached.origin in (OURS, *ORIGINS)
    if location != DEFAULT_NEXT:
        assert same(ada_url.URL(value, base=OURS), reached)


def same(asked, reached):
    """Tell whether two addresses are one but for percent-encoding."""
    assert asked.origin == reached.origin
    assert asked.username == asked.password == ""
    assert unquote(asked.pathname) == unquote(reached.pathname)
    assert unquote(asked.search) == unquote(reached.search)
    return unquote(asked.hash) == unquote(reached.hash)


@pytest.mark.case(20)
@settings(max_examples=500, deadline=None)
@given(value=TEXTS)
def test_checking_twice_changes_nothing(value):
    """What has passed once passes again as it is: it is checked when it is stored and
    when it is read."""
    once = safe_next(value, origins=ORIGINS, own=OURS)

    assert once == safe_next(once, origins=ORIGINS, own=OURS)
