"""Each client of the catalogue, unmodified, signs a user in."""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.sign_in.user import IN_WECHAT, ON_DESKTOP
from tests.clients.catalogue import CLIENTS

MADE_UP = "@users.example.com"


@pytest.fixture(params=CLIENTS, ids=lambda client: client.title)
def service(request, start):
    return start(request.param)


@pytest.fixture(autouse=True)
def _admitted(service, request):
    if service.client.is_product:
        request.getfixturevalue("entered")


@pytest.fixture
def user(service, new_user):
    looks = ON_DESKTOP if service.client.qr_code else IN_WECHAT
    return new_user(**looks, ignore_https_errors=service.client.form_post)


def test_a_user_signs_in(host, service, user):
    """From the service's link to its page that tells who the user is, where also a
    refreshed token leads; a sign-out ends the sessions at both."""
    client = service.client
    expected = expected_claims(host, client)

    with service.log_on_failure(user):
        assert expected == sign_in(user, service)
        check_addresses(service, user)
        if client.refresh:
            before = tokens_given(host)
            assert expected == told(user, service, client.refresh)
            assert before < tokens_given(host)
        if client.logout:
            user.open(service.url + client.logout.format(here=service.url))
            # A browser writes no address without a path.
            left = f"{service.url}{client.left or '/'}"
            wait_until(
                user, lambda: left in (url.partition("?")[0] for url in user.visited)
            )
            assert not user.is_signed_in()


def expected_claims(host, client):
    """Return what the client should tell of the user."""
    signed_in = host.user()
    kind = "website" if client.qr_code else "service"
    claims = {
        "sub": signed_in["unionid"],
        "unionid": signed_in["unionid"],
        "openid": signed_in["openid"][host.app(kind)["appid"]],
        "name": signed_in["nickname"],
        "email": MADE_UP,
        # The sub has capitals, so the login name ends in its hash.
        "preferred_username": sha256(signed_in["unionid"].encode()).hexdigest()[:12],
    }
    return {name: claims[name] for name in client.claims}


def sign_in(user, service):
    client = service.client
    user.open(f"{service.url}{client.start}")
    if client.press:
        user.tab.click(client.press)
    if client.qr_code:
        user.on_the_phone("confirm")
    else:
        user.agree()
    user.arrive(f"{service.url}{client.me}")
    return told(user, service)


def told(user, service, path=None):
    """Return the claims that the service's page tells, or those in its text."""
    if path:
        user.open(f"{service.url}{path}")
        user.arrive(f"{service.url}")
    client = service.client
    if client.me == "/hub/home":
        login = user.tab.evaluate("window.jhdata.user")
        assert re.fullmatch("[a-z0-9]{1,32}", login)
        return {"preferred_username": login[-12:]}
    claims = user.told()
    if "email" in client.claims:
        assert claims["email"].endswith(MADE_UP)
        claims["email"] = MADE_UP
    return {name: claims.get(name) for name in client.claims}


def wait_until(user, arrived, tries=100):
    """Wait until the user's tab has been somewhere, at most ten seconds."""
    while not arrived():
        tries -= 1
        assert tries, user.visited
        user.tab.wait_for_timeout(100)


def tokens_given(host):
    """Return how often a client has come for tokens."""
    log = host.log()
    return log.count("/oidc/token") + log.count("/sns/oauth2/refresh_token")


def check_addresses(service, user):
    """The state came back as it was, and no address of the browser had the secret."""
    visited = [(url, parse_qs(urlsplit(url).query)) for url in user.visited]
    sent = [query.get("state") for url, query in visited if "/authorize?" in url]
    sent += [query.get("state") for url, query in visited if "/qrconnect?" in url]
    back = [
        query.get("state")
        for url, query in visited
        if url.startswith(service.url) and "code" in query
    ]

    assert ([] if service.client.form_post else sent[:1]) == back
    # A page alone has none.
    secret = service.registered.get("secret", "no secret")
    assert not [url for url in user.visited if secret in url]
