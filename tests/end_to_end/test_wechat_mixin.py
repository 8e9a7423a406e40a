"""The client's mixin against the gateway: only URLs and names differ."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.end_to_end.example_service import register
from tests.support.mixin_service import agree, finish, make_service, start
from tests.support.tornado_service import Browser, Service


@pytest.fixture(scope="module")
def service(host):
    """A service of the demo client."""
    with Service(lambda url: _at(host, url)) as running:
        register(host, running.url)
        yield running


@pytest.fixture
def browser():
    one = Browser()
    yield one
    one.http.clear()


def _at(host, url, secret=None):
    app = {"appid": "demo", "secret": secret or host.secret}
    return make_service(url, app=app, open_url=host.url, api_url=host.url)


def sign_in(browser, service, answer="allow"):
    """Go to the gateway, to WeChat and back; return where the service is told."""
    went = browser.get(start(browser, service).partition("#")[0])
    assert 303 == went.status, went.data
    location = went.headers["Location"]
    if location.startswith(service.url):
        return location  # the gateway knew the person
    return browser.get(agree(browser, location, answer)).headers["Location"]


def code_of(address):
    return parse_qs(urlsplit(address).query)["code"][0]


@pytest.mark.case(129, 130, 134)
def test_a_user_signs_in(host, browser, service):
    """With the openid and the profile that WeChat has, by the client's own secret."""
    told = finish(browser, sign_in(browser, service))
    user, appid = host.user(), host.app("service")["appid"]

    assert user["openid"][appid] == told["access"]["openid"]
    assert user["nickname"] == told["profile"]["nickname"]


def test_who_is_signed_in_at_the_gateway_is_not_asked_again(host, browser, service):
    """The second sign-in never reaches WeChat."""
    told = [finish(browser, sign_in(browser, service)) for _ in range(2)]

    assert [True, True] == ["profile" in each for each in told]
    assert 1 == len(host.journal("/connect/oauth2/authorize"))


@pytest.mark.case(40)
def test_a_user_refuses(host, browser, service):
    """The state alone comes back through the gateway."""
    app = {"appid": host.app("service")["appid"], "refusal": "redirect"}
    host.sandbox("POST", "/_sandbox/apps", app)

    assert {"refused": True} == finish(browser, sign_in(browser, service, "refuse"))


@pytest.mark.case(130)
def test_a_code_is_good_once(browser, service):
    """Under a state of its own it is 40163, as at WeChat."""
    first = sign_in(browser, service)
    finish(browser, first)
    second = sign_in(browser, service)
    told = finish(browser, second.replace(code_of(second), code_of(first)))

    assert 40163 == told["errcode"]


def test_a_wrong_secret(host, browser):
    """40125, and not a word of the secret."""
    with Service(lambda url: _at(host, url, "demo_" + "0" * 32)) as service:
        register(host, service.url)
        told = finish(browser, sign_in(browser, service))

    assert (40125, "WeChat refused with errcode 40125.") == (
        told["errcode"],
        told["error"],
    )
