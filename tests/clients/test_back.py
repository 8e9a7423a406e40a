"""Back after a sign-in: no client gets a second code, which it would refuse."""

from __future__ import annotations

import pytest

from tests.browser.sign_in.user import ON_DESKTOP
from tests.clients.catalogue import CLIENTS
from tests.clients.test_sign_in import told

TITLES = (
    "@auth/core OpenID",
    "passport-openidconnect OpenID",
    "passport-weixin WeChat",
)
THESE = [each for each in CLIENTS if each.title in TITLES]


@pytest.mark.parametrize("client", THESE, ids=lambda client: client.title)
def test_back_leads_to_no_error(start, new_user, client):
    """From the service to the gateway's page, which says that the user is signed in,
    and leads back to the service."""
    service = start(client)
    user = new_user(**ON_DESKTOP)
    with service.log_on_failure(user):
        user.open(f"{service.url}{client.start}")
        if client.press:
            user.tab.click(client.press)
        user.on_the_phone("confirm")
        user.arrive(f"{service.url}{client.me}")
        user.tab.go_back()
        heading = user.tab.get_by_role("heading").inner_text()
        answers = [url for url in user.visited if url.startswith(service.url)]
        user.open(f"{service.url}{client.me}")

        assert heading.startswith("You are signed in to ")
        assert 1 == len([url for url in answers if "code=" in url])
        assert told(user, service)["name"]
