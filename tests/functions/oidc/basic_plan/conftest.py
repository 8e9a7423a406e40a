"""The two clients that the plan asks for."""

from __future__ import annotations

import pytest

from runtime.registry.client_secrets import hash_secret
from tests.functions.oidc.basic_plan.relying_party import SECRETS, RelyingParty
from tests.support.client_sign_in import BACK, willing
from tests.support.scripted_wechat import SERVICE, WEBSITE, change


@pytest.fixture
def party(gateway, wechat):
    """The first client; it may do without PKCE, as most of the plan does."""
    registered = {"redirect_uris": [BACK], "pkce": "optional"}
    change(gateway, "clients", "demo", **registered, email_domain="people.example.com")
    second = {
        "name": "Second",
        "scopes": {SERVICE: [], WEBSITE: []},
        "secret_hashes": [hash_secret(SECRETS["second"])],
        **registered,
    }
    gateway.documents.write("clients", "second", second, after=0)
    willing(wechat)
    return RelyingParty(gateway)


@pytest.fixture
def second(party, gateway):
    """The second client, in the same user's browser."""
    return RelyingParty(gateway, "second", browser=party.browser)
