"""Fallback route: what belongs to no other function is a path of WeChat's API."""

from __future__ import annotations

import pytest
import requests

FAMILIES = [
    "/xpay/query_order",
    "/tcb/invokecloudfunction",
    "/shakearound/device/applyid",
    "/bizwifi/shop/list",
    "/product/spu/add",
    "/product/limiteddiscount/add/",
    "/no-family-of-today/v2/get.json",
]
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def token(host):
    """A gateway token of the demo client, for the service account."""
    appid = host.app("service")["appid"]
    who = {"grant_type": "client_credential", "appid": appid, "secret": host.secret}
    answer = requests.get(f"{host.url}/cgi-bin/token", params=who, timeout=20)
    return answer.json()["access_token"]


@pytest.mark.parametrize("path", FAMILIES)
def test_a_family_that_nobody_listed(host, token, path):
    """With a token it reaches WeChat, whose answer comes back."""
    answer = requests.post(
        host.url + path, params={"access_token": token}, json={}, timeout=20
    )
    (seen,) = host.journal(path)

    assert (200, 40066) == (answer.status_code, answer.json()["errcode"])
    assert ("POST", 40066) == (seen["method"], seen["errcode"])
    assert "X-Gateway-Error" not in answer.headers


@pytest.mark.parametrize("path", FAMILIES)
@pytest.mark.parametrize(("accept", "status"), [("*/*", 200), (CHROME, 404)])
def test_without_a_token(host, path, accept, status):
    """41001 in WeChat's shape, whoever asks; WeChat sees nothing."""
    answer = requests.get(host.url + path, headers={"Accept": accept}, timeout=20)

    assert (status, 41001) == (answer.status_code, answer.json()["errcode"])
    assert "application/json; encoding=utf-8" == answer.headers["Content-Type"]
    assert [] == host.journal(path)


@pytest.mark.parametrize(
    "path",
    [
        "/login/nowhere",
        "/connect/nowhere",
        "/oauth_callback/nowhere",
        "/oidc/nowhere",
        "/.well-known/nowhere",
    ],
)
def test_our_own_paths_stay_ours(host, token, path):
    """With a token, too: 404, and WeChat sees nothing."""
    query = {"access_token": token}
    answer = requests.get(host.url + path, params=query, timeout=20)

    assert 404 == answer.status_code
    assert [] == host.journal(path)


def test_the_probe_is_ours(host):
    """/healthz alone is answered by login."""
    answer = requests.get(f"{host.url}/healthz", timeout=20)

    assert (200, "login") == (answer.status_code, answer.json()["function"])
