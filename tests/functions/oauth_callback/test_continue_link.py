"""Links of an error page: a user whose flow has expired can still continue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.oauth_callback.index import handler as oauth_callback
from runtime.errors import FlowExpired, ServiceUnavailable
from runtime.gateway import Gateway
from tests.support.client_sign_in import BACK, OIDC, WECHAT, Visit, query_of
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.handles import login
from tests.support.refusal import refusal
from tests.support.scripted_wechat import HTML, IN_WECHAT, SERVICE, change, header

HOME = "https://shop.example.com/#/start"
OWN_HOME = "https://www.example.com/"
ORIGIN = "https://app.example.com/"


@pytest.fixture
def visit(gateway):
    """A browser whose service is another one than the sign-in page's."""
    change(gateway, "clients", "demo", home=OWN_HOME)
    content = gateway.documents.read("clients", "demo").content
    shop = {**content, "redirect_uris": [BACK], "home": HOME}
    gateway.documents.write("clients", "shop", shop, after=0)
    gateway.settings = replace(gateway.settings, oidc_key={1: b"a key"})
    return Visit(gateway)


@pytest.fixture
def late(visit, redis_server):
    """Come back after Redis has forgotten the flow; return what the page is told."""

    def come(begun, **more):
        redis = redis_server.client()
        redis.delete(*redis.scan_iter("gateway:flow:*"))
        redis.close()
        with refusal(FlowExpired) as caught:
            visit.agree(begun, **more)
        return caught.links

    return come


def by_openid_connect(visit, **more):
    return visit.authorize({**OIDC, "client_id": "shop"}, **more)


def by_wechats_protocol(visit, **more):
    return visit.connect({**WECHAT, "appid": "shop"}, **more)


each_protocol = pytest.mark.parametrize("way", [by_openid_connect, by_wechats_protocol])


@pytest.mark.case(36)
@pytest.mark.bug(10)
@each_protocol
def test_to_the_client_that_asked(visit, late, way):
    """Not to the gateway's own sign-in page."""
    told = late(way(visit))

    assert (HOME, None) == (told.home, told.start_again)


@pytest.mark.bug(10)
@each_protocol
def test_to_a_client_without_a_home(visit, gateway, late, way):
    """The origin of its redirect URI is used."""
    change(gateway, "clients", "shop", home="")

    assert ORIGIN == late(way(visit)).home


@pytest.mark.bug(10)
def test_a_client_that_is_still_known_needs_no_home_either(visit, gateway):
    """A valid flow in another browser: a restart, or a link to the client."""
    change(gateway, "clients", "shop", home="")
    begun = by_openid_connect(visit)
    visit.cookies = dict.fromkeys(visit.cookies, "0" * 32)
    with refusal(FlowExpired) as caught:
        visit.agree(begun)

    assert ORIGIN == caught.links.home
    assert caught.links.start_again.startswith("/oidc/authorize?")


@pytest.mark.bug(10)
def test_to_the_address_that_asked_of_several(visit, gateway):
    """Staging does not lead to production, nor the other way round."""
    both = ["https://other.example.com/cb", BACK]
    change(gateway, "clients", "shop", home="", redirect_uris=both)
    begun = by_openid_connect(visit)
    visit.cookies = dict.fromkeys(visit.cookies, "0" * 32)
    with refusal(FlowExpired) as caught:
        visit.agree(begun)

    assert ORIGIN == caught.links.home


@pytest.mark.bug(3, 10)
def test_with_something_added_to_the_state(visit, late):
    """The cookie is found by the state's beginning."""
    begun = by_openid_connect(visit)
    state = query_of(header(begun, "Location"))["state"]

    assert HOME == late(begun, state=f"{state}http://home.example/").home


def test_in_the_language_of_the_page_that_began_it(visit, late):
    """The callback's own language does not count."""
    begun = by_openid_connect(visit, ui_locales="zh-TW")

    assert "zh_TW" == late(begun).language


def test_from_the_gateways_own_page(visit, late):
    """Links to the page where it began, and to the home page of its client."""
    told = late(visit.get(login, "/", "next=/orders"))

    assert (OWN_HOME, "/login") == (told.home, told.start_again)


def test_without_any_cookie(visit, late):
    """The client is unknown, so there is no link to it."""
    begun = by_openid_connect(visit)
    visit.cookies.clear()
    told = late(begun)

    assert (OWN_HOME, "/login", None) == (told.home, told.start_again, told.language)


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "x.xx.nobody", "x.%00.../apps/demo", "x.en.demo.shop", "." * 4000],
)
def test_a_cookie_that_somebody_has_made_up(visit, late, value):
    """The page leads to the gateway's own home page."""
    begun = by_openid_connect(visit)
    visit.cookies = dict.fromkeys(visit.cookies, value)
    told = late(begun)

    assert (OWN_HOME, "/login") == (told.home, told.start_again)
    assert told.language in (None, "en")


def test_a_native_clients_loopback_is_no_home(visit, gateway, late):
    """Its port is unknown."""
    loopback = "http://127.0.0.1/cb"
    fields = {"redirect_uris": [loopback], "native": True, "home": ""}
    change(gateway, "clients", "shop", **fields)
    told = late(by_openid_connect(visit, redirect_uri=loopback))

    assert (None, "/login") == (told.home, told.start_again)


@pytest.mark.bug(10)
@pytest.mark.case(124)
def test_while_redis_is_away(visit, gateway):
    """The cookie is enough."""
    begun = by_openid_connect(visit)
    settings = replace(gateway.settings, redis_url="redis://127.0.0.1:1/0")
    visit.gateway = Gateway(settings)
    with refusal(ServiceUnavailable) as caught:
        visit.agree(begun)

    assert HOME == caught.links.home


@pytest.mark.bug(10)
def test_the_page(visit, gateway, redis_server):
    """One link, to the client's home."""
    begun = by_openid_connect(visit)
    redis_server.empty()
    ((name, value),) = visit.cookies.items()
    state = query_of(header(begun, "Location"))["state"]
    environ = make_environ_fc(
        path=f"/oauth_callback/{SERVICE}",
        query=f"code=c&state={state}",
        headers=[*HTML, *IN_WECHAT, ("cookie", f"{name}={value}")],
    )
    status, _, body = call_wsgi(oauth_callback.with_gateway(gateway), environ)
    page = body.decode()

    assert (400, 1) == (status, page.count("<a "))
    assert f'href="{HOME}"' in page


def test_what_waits_in_redis_is_as_short_lived_as_before(visit, redis_server):
    """The cookie lives longer, Redis' keys do not."""
    by_openid_connect(visit)
    redis = redis_server.client()
    lives = [redis.ttl(key) for key in redis.scan_iter("gateway:flow:*")]
    redis.close()

    assert 1 == len(lives)
    assert 0 < lives[0] <= 600
