"""Redirect targets that an attacker chooses: where the browser ends each time."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from functions.login.index import handler as login
from functions.oauth_callback.index import handler as oauth_callback
from tests.support.client_sign_in import willing
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import HTML, IN_WECHAT, SERVICE

DEFAULT = "/login/me"
END_POINTS = [
    *("Location", "Cache-Control", "Referrer-Policy", "Set-Cookie"),
    *("X-Content-Type-Options", "Strict-Transport-Security"),
]


@pytest.fixture
def end_of(gateway, wechat):
    """Sign in by a link with this query, as FC calls us; return the last answer."""
    willing(wechat)

    def ask(handler, path, query, *more):
        headers = [*HTML, *IN_WECHAT, *more]
        environ = make_environ_fc(path=path, query=query, headers=headers)
        return call_wsgi(handler.with_gateway(gateway), environ)

    def run(query):
        status, headers, _ = ask(login, "/login", query)
        assert status == 303
        sent = dict(headers)
        state = dict(parse_qsl(urlsplit(sent["Location"]).query))["state"]
        cookie = ("cookie", sent["Set-Cookie"].partition(";")[0])
        back = f"code=c&state={state}"
        return ask(oauth_callback, f"/oauth_callback/{SERVICE}", back, cookie)

    return run


ELSEWHERE = {
    1: ["//evil.example", "///evil.example", "////evil.example//"],
    2: ["/\\evil.example", "\\/\\/evil.example", "/\\/evil.example"],
    3: ["/%09/evil.example", "/\t/evil.example", "/\n\\evil.example"],
    4: ["/%2f%2fevil.example", "/%5cevil.example"],
    5: ["/./\\evil.example", "/../..//evil.example", "/a/../b", "/a/.."],
    6: ["https:evil.example", "https:/evil.example", "http:///evil.example"],
    7: ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"],
    8: ["https://app.example.com@evil.example", "https://evil\\@app.example.com"],
    9: ["https://app.example.com.evil.example", "https://app.example.com."],
    10: ["https://ａｐｐ.example.com", "https://evil。example", "https://a℀.b"],
    11: ["//[", "http://[::1", "https://a:99999/"],
    12: ["https://app.example.com:444", "http://app.example.com"],
    13: ["/a%0d%0aSet-Cookie:x=1", "/a\r\nSet-Cookie: x=1", "/a\r\n\r\n<script>"],
    16: ["/" + "a" * 10_240],
    17: ["/logout", "/login?next=/a", "/oidc/authorize?x", "/connect/qrconnect"],
    19: ["", "/"],
}


@pytest.mark.case(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 19)
@pytest.mark.parametrize("wanted", [each for n in ELSEWHERE for each in ELSEWHERE[n]])
def test_elsewhere_is_here(end_of, wanted):
    """The user ends at our own page, by one Location and no injected header."""
    status, headers, body = end_of(f"next={quote(wanted, safe='')}")

    assert (status, body) == (303, b"")
    assert [name for name, _ in headers] == END_POINTS
    assert dict(headers)["Location"] == DEFAULT


@pytest.mark.case(15, 19)
@pytest.mark.parametrize("query", ["", "x=1", "next=/a&next=/b", "next=/a&next=/a"])
def test_no_word_or_two(end_of, query):
    """A repeated parameter is refused."""
    assert dict(end_of(query)[1])["Location"] == DEFAULT


@pytest.mark.case(14, 18)
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("/a?next=//evil.example", "/a?next=//evil.example"),
        ("/张", "/%E5%BC%A0"),
        ("https://app.example.com/x?a=b", "https://app.example.com/x?a=b"),
    ],
)
def test_what_is_ours_is_kept(end_of, wanted, expected):
    """A path of this host, or an origin that is listed; the query is its own affair."""
    assert dict(end_of(f"next={quote(wanted, safe='')}")[1])["Location"] == expected
