"""Two processes get one refresh token at the same moment, again and again."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest

from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.settings import settings_from
from tests.support.client_sign_in import BACK
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import LocalHost
from tests.support.provider import CODE, make_code
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    WEBSITE,
    basic,
)

ROUNDS = 20
SCOPE = ("openid", "offline_access")


class Deployment:
    """Two hosts on one Redis, and a client that has signed somebody in there."""

    def __init__(self, folder, redis_url):
        names = ("WECHAT_API_URL", "WECHAT_OPEN_URL")
        environ = make_environ(
            folder,
            redis_url,
            OIDC_KEY=oidc_key({1: private_key()}),
            **dict.fromkeys(names, "http://127.0.0.1:1"),
        )
        self.gateway = Gateway(settings_from(environ))
        app = {"kind": "website", "secret": APP_SECRET, "subject": "unionid"}
        self.gateway.documents.write("apps", WEBSITE, app, after=0)
        client = {
            "name": "Demo",
            "scopes": {WEBSITE: []},
            "secret_hashes": [hash_secret(CLIENT_SECRET)],
            "redirect_uris": [BACK],
        }
        self.gateway.documents.write("clients", "demo", client, after=0)
        self._folder, self._environ = folder, environ

    def __enter__(self):
        with ExitStack() as stack:
            self.hosts = [stack.enter_context(self._host(name)) for name in "ab"]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        self._stack.__exit__(*failure)

    def _host(self, name):
        folder = self._folder / name
        folder.mkdir()
        return LocalHost(folder, "--port=0", environment=self._environ)

    def post(self, number, **form):
        """Return status and JSON of one host's token endpoint."""
        answer = self.hosts[number].request(
            "POST",
            "/oidc/token",
            body=urlencode(form),
            headers={"Content-Type": FORM, "Authorization": basic()},
        )
        return answer.status, json.loads(answer.data)

    def sign_in(self):
        """Return the first refresh token of a sign-in."""
        code = make_code(self.gateway, scope=SCOPE)
        status, content = self.post(0, **{**CODE, "code": code})
        assert status == 200, content
        return content["refresh_token"]

    def refresh_on_both(self, token):
        """Send the token to both hosts at the same moment; return what both say."""
        gate = threading.Barrier(2)

        def send(number):
            gate.wait(10)
            return self.post(number, grant_type="refresh_token", refresh_token=token)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(send, range(2)))


@pytest.fixture
def deployment(tmp_path, redis_server):
    with Deployment(tmp_path, redis_server.url) as running:
        yield running


def test_both_get_the_same_successor(deployment):
    """Twenty times in a chain, and the last token is as good as the first."""
    token = deployment.sign_in()
    for _ in range(ROUNDS):
        (status, one), (other_status, other) = deployment.refresh_on_both(token)

        assert (200, 200) == (status, other_status), (one, other)
        assert one["refresh_token"] == other["refresh_token"] != token
        token = one["refresh_token"]


def test_a_stolen_token_ends_all_at_either_process(deployment):
    """The one before the last rotation, whichever process has made that."""
    token = deployment.sign_in()
    newest = token
    for number in (0, 1):
        _, content = deployment.post(
            number, grant_type="refresh_token", refresh_token=newest
        )
        newest = content["refresh_token"]
    answers = [
        deployment.post(1, grant_type="refresh_token", refresh_token=each)
        for each in (token, newest)
    ]

    assert [(400, "invalid_grant")] * 2 == [
        (status, content["error"]) for status, content in answers
    ]
