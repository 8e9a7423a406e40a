"""A user refuses in WeChat: each client learns it, and signs the user in afterwards."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.sign_in.user import IN_WECHAT
from tests.clients.catalogue import CLIENTS, OIDC
from tests.clients.test_sign_in import sign_in

ITS_WORDS = {
    "Flask-OIDC": "access_denied",
    # It takes an error with `iss` for a sign-in that somebody else begins.
    "libapache2-mod-auth-openidc": "target_link_uri",
    "passport-openidconnect": "Sign-in was cancelled in WeChat.",
}
"""What a page of the client shows after a refusal, in its default configuration."""
REFUSED = [each for each in CLIENTS if each.name in ITS_WORDS and each.protocol == OIDC]


@pytest.mark.usefixtures("entered")
@pytest.mark.parametrize("client", REFUSED, ids=lambda client: client.name)
def test_the_client_is_told(start, new_user, client):
    """By access_denied with its state; the next sign-in succeeds."""
    service = start(client)
    user = new_user(**IN_WECHAT)
    with service.log_on_failure(user):
        user.open(f"{service.url}{client.start}")
        user.refuse()
        user.arrive(f"{service.url}")
        queries = [(url, parse_qs(urlsplit(url).query)) for url in user.visited]
        (asked,) = [query for url, query in queries if "/oidc/authorize?" in url]
        (answer,) = [query for _, query in queries if "error" in query]

        assert ["access_denied"] == answer["error"]
        assert asked["state"] == answer["state"]
        assert ITS_WORDS[client.name] in user.tab.inner_text("body")
        assert sign_in(user, service)["sub"]
