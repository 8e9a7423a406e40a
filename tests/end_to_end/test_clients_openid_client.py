"""openid-client from npm, unmodified, signs users in and checks the issuer."""

from __future__ import annotations

import json
import os
import subprocess
from urllib.parse import urlencode

import pytest

from tests.end_to_end.client_registration import BACK, HOME, register_client
from tests.end_to_end.sdks import on_node
from tests.end_to_end.visitor import Visitor

TIMEOUT = 60
METHODS = ("client_secret_basic", "client_secret_post", "none")


@pytest.fixture(scope="module")
def clients(host):
    """A client with a secret, and one without."""
    secretive = register_client(host, "Node")
    public = register_client(host, "Node page", "--public")
    return dict(zip(METHODS, (secretive, secretive, public), strict=True))


@pytest.fixture
def client(clients):
    return clients["client_secret_basic"]


@pytest.fixture
def visitor(host):
    return Visitor(host)


class Script:
    """The script as a process: it tells the address, is told one, and tells all."""

    def __init__(self, host, client, method):
        command, more = on_node("openid-client", "openid_client.js")
        surroundings = {
            "PATH": os.environ["PATH"],
            "ISSUER": host.url,
            "CLIENT_ID": client["client_id"],
            "SECRET": client.get("secret", ""),
            "METHOD": method,
            "BACK": BACK,
            "HOME": HOME,
            **more,
        }
        self._process = subprocess.Popen(
            command,
            env={name: str(value) for name, value in surroundings.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http"), self.url
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def told(self, query):
        """Return what it makes of the address with which the browser came back."""
        address = f"{BACK}?{urlencode(query)}\n"
        output, _ = self._process.communicate(address, timeout=TIMEOUT)
        return json.loads(output)


@pytest.mark.case(88, 89, 90, 91, 92, 96)
@pytest.mark.parametrize("method", METHODS)
def test_a_user_signs_in(host, clients, visitor, method):
    """Discovery, PKCE, the ID token checked, userinfo, refresh, revocation, logout."""
    with Script(host, clients[method], method) as script:
        told = script.told(visitor.sign_in(script.url, to=BACK))
    assert "claims" in told, told
    user = host.user()
    location = visitor.ask("GET", told["logout"]).headers["Location"]

    assert (host.url, user["unionid"]) == (
        told["claims"]["iss"],
        told["claims"]["sub"],
    )
    assert (user["unionid"], user["nickname"]) == (
        told["userinfo"]["sub"],
        told["userinfo"]["name"],
    )
    assert (user["unionid"], True) == (told["refreshed"], told["rotated"])
    assert told["dead"] is True
    assert f"{HOME}?state=left" == location
    assert 401 == visitor.ask("GET", f"{host.url}/login/me").status


ELSE = {
    "another issuer": ({"iss": "https://evil.example.com"}, '"iss"'),
    "a slash more": ({"iss": "{url}/"}, '"iss"'),
    "no issuer": ({"iss": None}, '"iss"'),
    "another state": ({"state": "x"}, '"state"'),
}


@pytest.mark.case(96)
@pytest.mark.parametrize("answer", ["", "&prompt=none"], ids=["code", "error"])
@pytest.mark.parametrize(("changes", "named"), ELSE.values(), ids=ELSE)
def test_an_answer_of_somebody_else(host, client, visitor, answer, changes, named):
    """Refused by the library, code or error, and the code is sent nowhere."""
    before = host.log().count("/oidc/token")
    with Script(host, client, "client_secret_basic") as script:
        query = visitor.sign_in(script.url + answer, to=BACK)
        told = script.told(changed({**query, **changes}, host.url))

    assert ("error" if answer else "code") in query
    assert "OAUTH_INVALID_RESPONSE" == told["code"]
    assert named in told["why"]
    assert before == host.log().count("/oidc/token")


def changed(query, url):
    return {k: v.format(url=url) for k, v in query.items() if v is not None}


@pytest.mark.case(96, 97)
def test_an_error_of_ours(host, client, visitor):
    """With our issuer it is taken for what it is."""
    with Script(host, client, "client_secret_basic") as script:
        told = script.told(visitor.sign_in(f"{script.url}&prompt=none", to=BACK))

    assert "login_required" == told["error"]
