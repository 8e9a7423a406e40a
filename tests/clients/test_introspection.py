"""Flask-OIDC asks the gateway about the access tokens of those who call it."""

from __future__ import annotations

import pytest

from tests.browser.sign_in.user import IN_WECHAT
from tests.clients.catalogue import CLIENTS
from tests.clients.test_sign_in import sign_in
from tests.support.manage_process import run_manage

FLASK_OIDC = next(each for each in CLIENTS if each.name == "Flask-OIDC")


@pytest.fixture
def service(start):
    return start(FLASK_OIDC)


def test_only_an_active_token_is_accepted(host, service, new_user):
    """A user's own one, until the user signs out everywhere; no other text."""

    def call(token):
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{service.url}/for_programs"
        return host.http.request("GET", url, headers=headers).status

    user = new_user(**IN_WECHAT)
    with service.log_on_failure(user):
        sign_in(user, service)
        user.open(f"{service.url}/token")
        token = user.told()

        assert 200 == call(token)
        assert 401 == call(token[:-9] + ("B" if token[-9] == "A" else "A") + token[-8:])
        assert 401 == call("x")
        sub = host.user()["unionid"]
        assert run_manage(host.folder, "person", "sign-out", sub).returncode == 0
        assert 401 == call(token)
