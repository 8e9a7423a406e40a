"""Hash routes of single-page apps in WeChat's protocol: the query goes before the #."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.browser.sign_in.conftest import register
from tests.browser.sign_in.service import Service
from tests.browser.sign_in.user import IN_WECHAT

ROUTE = "#/signed_in?tab=1"


@pytest.fixture(scope="module")
def single_page(shared_host):
    """A service that has registered its hash route, and `route` is that URI."""
    appids = [shared_host.app(kind)["appid"] for kind in ("service", "website")]
    with Service(shared_host.url) as running:
        running.route = f"{running.url}/signed_in{ROUTE}"
        running.client = register(
            shared_host,
            "Single page",
            running,
            appids,
            more=[f"--redirect-uri={running.route}"],
        )
        yield running


def where(user, service):
    """Return the fragment of where the user arrived, whose query the service has."""
    user.arrive(f"{service.url}/signed_in?code=")
    parts = urlsplit(user.tab.url)
    assert set(service.answers[-1]) == {"code", "state"}
    return parts.fragment


def test_inside_wechat(new_user, single_page):
    """The route stays, and #wechat_redirect does not take its place.

    Also for who is signed in already, whom WeChat never sees.
    """
    user = new_user(**IN_WECHAT)
    for count in (1, 2):
        url = single_page.begin("oauth2", {"redirect_uri": single_page.route})
        user.open(f"{url}#wechat_redirect")
        if count == 1:
            user.agree()

        assert where(user, single_page) == ROUTE[1:]
        assert "openid" in user.told()


def test_by_qr_code(new_user, single_page):
    """As inside WeChat."""
    user = new_user()
    user.open(single_page.begin("qrconnect", {"redirect_uri": single_page.route}))
    user.on_the_phone("confirm")

    assert where(user, single_page) == ROUTE[1:]
    assert "openid" in user.told()


def test_a_refusal(new_user, single_page):
    """The state alone goes before the route."""
    user = new_user(**IN_WECHAT)
    user.open(single_page.begin("oauth2", {"redirect_uri": single_page.route}))
    user.refuse()
    user.arrive(f"{single_page.url}/signed_in?state=")

    assert urlsplit(user.tab.url).fragment == ROUTE[1:]
    assert set(single_page.answers[-1]) == {"state"}


def test_openid_connect_refuses_it(new_user, single_page):
    """On a page that names the #, and the browser is sent nowhere."""
    user = new_user()
    user.open(single_page.begin("oidc", {"redirect_uri": single_page.route}))

    assert "#" in user.sentence.inner_text()
    assert user.tab.url.startswith(user.host.url)
