"""Text from anybody, as far as a line of the log may show it."""

from __future__ import annotations

import pytest

from runtime.registry.ids import CLIENT_ID
from runtime.web.request_causes import (
    LONGEST,
    host_of,
    listed,
    shown,
    shown_id,
    shown_url,
)

OPENID = "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://app.example.com/cb", "https://app.example.com/cb"),
        ("https://app.example.com/", "https://app.example.com/"),
        ("https://app.example.com", "https://app.example.com"),
        ("https://u:secret@a.example:8443/cb", "https://a.example:8443/cb"),
        ("https://a.example/cb?code=c0de&t=x", "https://a.example/cb?code=***&t=***"),
        ("https://a.example/cb?SECRET", "https://a.example/cb?***"),
        (f"https://a.example/{OPENID}/cb", "https://a.example/***/cb"),
        ("https://a.example/#access_token=s3", "https://a.example/***"),
        ("https://a.example/#/cb", "https://a.example/#/cb"),
        ("com.example.app:/cb", "com.example.app:/cb"),
        ("https://a.example/wechat-oauth-callback-page", None),
        ("https://a.example/\r\nX: 1", "https://a.example/??X: 1"),
        ("", "nothing"),
    ],
)
def test_a_url(url, expected):
    """Scheme, host, path and the names of the query; nothing that opens something."""
    assert shown_url(url) == (url if expected is None else expected)


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31m", "a\u202eb", "\x00", "a\u2028b"])
def test_a_text_is_one_line_of_printable_characters(text):
    """It cannot begin a line of its own, nor colour or turn the reader's."""
    assert shown(text).isprintable()


def test_a_text_is_cut():
    """However long it comes."""
    assert len(shown("x" * 100_000)) == LONGEST + 3
    assert len(shown_url("https://a.example/" + "?a=b" * 100_000)) <= LONGEST + 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order-desk", "order-desk"),
        ("", "nothing"),
        ("f" * 32, "a text of 32 characters that is no id"),
        (OPENID, "a text of 28 characters that is no id"),
    ],
)
def test_an_id(text, expected):
    """An AppSecret or an openid that came in its place is not shown."""
    assert shown_id(text, CLIENT_ID) == expected


def test_a_host():
    """Of a `next` that led away no more than where to."""
    assert host_of("https://evil.example/path?code=1") == "evil.example"
    assert host_of("//u:p@evil.example\\x") == "evil.example"
    assert host_of("javascript:alert(1)") == "no host"


def test_a_list():
    """Not longer than a line."""
    assert listed([]) == "none"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
