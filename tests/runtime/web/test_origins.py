"""Texts that look like origins and URLs, and which rule accepts which of them."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest

from functions.wechat_api.jssdk import page_host
from management.endpoint import Endpoint
from management.failure import Failure
from runtime.errors import MisdirectedRequest, SettingsError
from runtime.pages import safe_urls
from runtime.registry.rules import Fault, origin, redirect_uri
from runtime.setting_values import host_names, web_url
from runtime.web.allowed_hosts import check_host
from runtime.web.messages import Request
from runtime.web.next_url import safe_next
from runtime.web.origins import DOMAIN, HOST_NAME, is_origin, origin_of, parts_of

KEYS = {"ACCESS_KEY_ID": "id", "ACCESS_KEY_SECRET": "secret"}


def as_origin(text):
    """A client's `origins`."""
    with suppress(Fault):
        return origin(text)


def as_redirect_uri(text):
    """A client's `redirect_uris`."""
    with suppress(Fault):
        return redirect_uri(text)


def as_setting(text):
    """PUBLIC_BASE_URL and every other setting that is a URL."""
    with suppress(SettingsError):
        return web_url(text)


def as_next(text):
    """`next`, where the client's `origins` hold exactly this text."""
    return safe_next(text, origins=(text,), default="") or None


def as_page(text):
    """`url` of /jssdk_config."""
    return page_host(text)


def as_policy(text):
    """A source in a page's Content-Security-Policy."""
    return safe_urls.origin(text)


def as_endpoint(text):
    """--endpoint of manage.py."""
    with suppress(Failure):
        return Endpoint(text, service="s", function="f", environ=KEYS)


RULES = {
    "o": as_origin,
    "r": as_redirect_uri,
    "s": as_setting,
    "n": as_next,
    "j": as_page,
    "p": as_policy,
    "e": as_endpoint,
}

ACCEPTED = {
    "https://app.example.com": "orsnjpe",
    "https://app.example.com:8443": "orsnjpe",
    "https://a": "orsnjpe",
    "https://xn--fiq228c.example": "orsnjpe",
    "https://10.0.0.1": "orsnjpe",
    "http://127.0.0.1:8080": "orsnjpe",
    "http://localhost:8080": "orsnjpe",
    # A code, or a signed call, never goes over the network in plain text.
    "http://app.example.com": "osnjp",
    # A policy cannot name it, and WeChat signs no page of such a host.
    "http://[::1]:8080": "orsn",
    # A browser leaves it out of what it sends; safe_next compares with the list.
    "https://app.example.com:443": "rsnjpe",
    "http://localhost:80": "rsnjpe",
    # Written by a human, not sent by a browser.
    "https://App.Example.com": "sjpe",
    # A policy is never sent to who could make something of a wrong port.
    "https://app.example.com:65536": "njpe",
    "https://app.example.com/": "rsjpe",
    "https://app.example.com/a": "rsjp",
    "https://app.example.com/a?b=c": "rjp",
    "https://app.example.com/*": "jp",
    "https://app.example.com?a": "rjp",
    "https://app.example.com/a#b": "rjp",  # a hash route, in WeChat's protocol
    "HTTPS://app.example.com": "p",
    "https://app.example.com:0": "",
    "https://app.example.com:08": "",
    "https://app.example.com:": "",
    "https://app_1.example.com": "",
    "https://app.example.com.": "j",  # no js_domains has such a host
    "https://-app.example.com": "",
    "https://app..example.com": "",
    "https://*.example.com": "",
    "https://user@app.example.com": "",
    "https://app.example.com\\@evil.example": "",
    "https://app.example.com evil.example": "",
    "https://app.example.com\n": "",
    "https://[::1": "",
    "https://[abcd]": "",
    "https://ａｐｐ.example.com": "",
    "https://例子.example": "",
    "https://": "",
    "https:///a": "",
    "https:app.example.com": "",
    "//app.example.com": "",
    "ftp://app.example.com": "",
    "javascript://app.example.com": "",
    "null": "",
    "": "",
}
"""By text: the letters of RULES that accept it."""


@pytest.mark.parametrize(("text", "letters"), ACCEPTED.items())
def test_each_rule_accepts_what_the_table_says(text, letters):
    """One text, seven rules; a difference between two rules stands in the table."""
    accepting = [each for each, rule in RULES.items() if rule(text) is not None]

    assert list(letters) == accepting


@pytest.mark.parametrize("text", ACCEPTED)
def test_an_origin_is_what_every_other_rule_understands(text):
    """What a client registers is an origin, and the origin of itself."""
    registered = as_origin(text) is not None

    assert registered == is_origin(text)
    assert not registered or (origin_of(text), as_next(text)) == (text, text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://app.example.com:8443/a?b#c", "https://app.example.com:8443"),
        ("http://[::1]:3000?a", "http://[::1]:3000"),
        ("https://app.example.com#a", "https://app.example.com"),
        ("https://app.example.com@evil.example/", ""),
        ("https://app.example.com:x/", ""),
        ("https://app.example.com\\a", ""),
        ("https://app.example.com\n", ""),
        (" https://app.example.com/", ""),
        ("/https://app.example.com/", ""),
    ],
)
def test_the_origin_at_the_beginning_of_a_url(url, expected):
    """It ends at the path, the query, the fragment or the end of the text."""
    assert expected == origin_of(url)


@pytest.mark.parametrize(
    ("name", "host_name", "domain"),
    [
        ("app.example.com", True, True),
        ("127.0.0.1", True, True),
        ("a--b.c-d", True, True),
        ("localhost", True, False),
        ("-a.b", False, False),
        ("a-.b", False, False),
        ("a.b.", False, False),
        ("a..b", False, False),
        ("A.b", False, False),
        ("a_b.c", False, False),
        ("", False, False),
    ],
)
def test_a_host_name_and_a_domain(name, host_name, domain):
    """A domain has two labels at least; no label begins or ends with a hyphen."""
    assert host_name == bool(re.fullmatch(HOST_NAME, name))
    assert domain == bool(re.fullmatch(DOMAIN, name))


@pytest.mark.parametrize("name", ["app.example.com", "127.0.0.1", "::1", "localhost"])
def test_a_host_that_a_setting_lists_is_a_host_that_a_request_names(name):
    """ALLOWED_HOSTS and the Host header are of one vocabulary, with any port."""
    listed = host_names(name)
    host = f"[{name}]" if ":" in name else name.upper()
    request = Request("GET", "/", headers=(("host", f"{host}:8443"),))

    check_host(request, listed)
    with pytest.raises(MisdirectedRequest):
        check_host(Request("GET", "/", headers=(("host", f"x{host}"),)), listed)


@pytest.mark.parametrize(
    ("url", "has_parts"),
    [
        ("https://a:1", True),
        ("https://a:65535", True),
        ("https://a:65536", False),
        ("https://a:0", False),
        ("https:///a", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_a_url_has_parts_only_with_a_host_and_a_possible_port(url, has_parts):
    """Ports are 1 to 65535."""
    assert has_parts == (parts_of(url) is not None)
