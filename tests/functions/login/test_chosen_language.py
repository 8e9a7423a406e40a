"""A language that a user chose on the sign-in page is that of the pages after it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.web.messages import Request
from tests.support.client_sign_in import BACK, OIDC, WECHAT, Visit, query_of
from tests.support.gateway_environ import make_environ
from tests.support.handles import login, oidc
from tests.support.scripted_wechat import HTML, IN_WECHAT, ask, change, cookie, header

BASE = "https://gateway.example.com"
STARTS = {
    "login": (login, "/", "/login", {"next": "/app"}),
    "OpenID Connect": (oidc, "/authorize", "/oidc/authorize", OIDC),
    "WeChat's": (
        login,
        "/connect/oauth2/authorize",
        "/connect/oauth2/authorize",
        WECHAT,
    ),
}
each_start = pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
A_YEAR = ["Path=/", "Max-Age=31536000", "SameSite=Lax", "Secure"]


@pytest.fixture(autouse=True)
def _client(gateway):
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    gateway.settings = replace(gateway.settings, oidc_key={1: b"a key"})


@pytest.fixture
def desk(gateway):
    return Visit(gateway, headers=HTML)


def language(response):
    return re.search(rb'<html lang="([^"]+)"', response.body)[1].decode()


def choose(visit, start, **wishes):
    """Return the answer to a start of a sign-in with these wishes."""
    handle, path, _, pairs = start
    return visit.get(handle, path, urlencode({**pairs, **wishes}))


@each_start
def test_a_choice_is_kept_for_the_pages_after_it(desk, start):
    """An extra redirect sets the cookie; then the page has the cookie of its flow."""
    handle, path, _, pairs = start
    response = choose(desk, start, ui_locales="zh-TW", lang="en")
    name, *flags = header(response, "Set-Cookie").split("; ")
    page = desk.get(handle, path, header(response, "Location").partition("?")[2])
    later = desk.get(login, "/logout", "")

    assert (303, 1) == (response.status, str(response.headers).count("Set-Cookie"))
    assert ("lang=en", A_YEAR) == (name, flags)
    assert ["en", "en"] == [language(page), language(later)]
    assert any(each.startswith("__Host-flow_") for each in cookie(page))
    assert pairs.items() <= query_of(header(response, "Location")).items()


@each_start
@pytest.mark.parametrize("agent", [(), IN_WECHAT], ids=["desk", "in WeChat"])
def test_without_cookies_the_page_is_in_it_all_the_same(gateway, start, agent):
    """The browser is redirected once only, because the URL contains the language."""
    handle, path, outside, _ = start
    lost = Visit(gateway, headers=HTML + agent)
    location = header(choose(lost, start, lang="en"), "Location")
    lost.cookies = {}
    query = location.partition("?")[2]
    page = lost.get(handle, path, query)

    assert f"{BASE}{outside}?{query}" == location
    assert ("en", False) == (query_of(location)["ui_locales"], "lang=" in query)
    if agent:
        assert header(page, "Location").startswith("https://open.weixin.qq.com/")
    else:
        assert (200, "en") == (page.status, language(page))


@each_start
def test_a_name_in_another_spelling_is_the_same(desk, start):
    """A percent-encoded parameter name is removed too, so there is no redirect loop."""
    handle, path, _, pairs = start
    first = desk.get(handle, path, f"{urlencode(pairs)}&ui%5Flocales=fr&%6Cang=en")
    _, _, query = header(first, "Location").partition("?")
    desk.cookies = {}
    second = desk.get(handle, path, query)

    assert (200, "en") == (second.status, language(second))


@pytest.mark.parametrize(
    ("wish", "kept"),
    [
        ("lang=zh-CN", "zh_CN"),
        ("lang=zh_TW", "zh-Hant-HK"),
        ("lang=fr", None),
        ("lang=", None),
        ("lang=en&lang=zh_TW", None),
        ("lang=..%2F", None),
        ("ui_locales=en", None),
        ("", "en"),
    ],
)
def test_where_nothing_new_is_chosen_there_is_a_page(desk, wish, kept):
    """No redirect if the cookie has the language, or it is unknown or the client's."""
    desk.cookies = {"lang": kept} if kept else {}
    response = desk.get(login, "/", wish)

    assert 200 == response.status
    assert {"lang"} & set(cookie(response)) == set()


def test_a_front_end_that_renders_itself_is_not_sent_round(gateway):
    """It asked for JSON, so it gets no redirect."""
    json = (("accept", "application/json"),)
    response = login(ask(query="lang=en", headers=json), gateway)

    assert (200, ["flow"]) == (
        response.status,
        [name.removeprefix("__Host-")[:4] for name in cookie(response)],
    )


def test_services_of_the_same_domain_read_the_choice(gateway, tmp_path, shared_redis):
    """The cookie has the session cookie's domain, and a service may set it, too."""
    environ = make_environ(tmp_path, shared_redis.url, COOKIE_DOMAIN="example.com")
    shared = Gateway(settings_from(environ), clock=gateway.clock)
    response = choose(Visit(shared, headers=HTML), STARTS["login"], lang="zh_TW")

    assert "lang=zh-TW; Path=/; Max-Age=31536000; Domain=example.com; " in (
        header(response, "Set-Cookie") + "; "
    )


@each_start
def test_language_and_browser_are_decided_once(gateway, start):
    """Each header is read once; the language also depends on the User-Agent."""
    read = Counter()

    class Watched(Request):
        def header(self, name):
            read[name] += 1
            return super().header(name)

    handle, path, _, pairs = start
    asked = Watched("GET", path, query=urlencode(pairs), headers=HTML)
    response = handle(asked, gateway)

    assert (200, "zh-CN") == (response.status, language(response))
    # A QR code of our own tells the phone which browser shows it.
    agents = 3 if b'class="symbol"' in response.body else 2
    assert (1, agents) == (read["accept-language"], read["user-agent"])
