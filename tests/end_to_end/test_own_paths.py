"""The gateway's own paths over real sockets: token endpoint, real token, wx.config."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

import pytest
from urllib3 import make_headers

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def appid(host):
    return host.app("service")["appid"]


@pytest.fixture
def as_client(host):
    """The Authorization header of the demo client."""
    return make_headers(basic_auth=f"demo:{host.secret}")


def ask(host, method, path, *, headers=None, body=None):
    """Return status, headers and JSON."""
    answer = host.http.urlopen(
        method, f"{host.url}{path}", headers=headers, body=body, redirect=False
    )
    return answer.status, answer.headers, json.loads(answer.data)


def bearer(host, headers, appid, **more):
    """Return the Authorization header with a token from /oidc/token."""
    form = {"grant_type": "client_credentials", "appid": appid, **more}
    status, _, content = ask(
        host,
        "POST",
        "/oidc/token",
        headers={**FORM, **headers},
        body=urlencode(form),
    )
    assert (200, "Bearer") == (status, content["token_type"])
    return {"Authorization": f"Bearer {content['access_token']}"}


def test_a_token_calls_wechat(host, appid, as_client):
    """From the token endpoint to WeChat's answer, by both ways, within its scope."""
    header = bearer(host, as_client, appid, scope="/cgi-bin/user/*")
    base = f"/wechat_api/{appid}"
    status, _, users = ask(host, "GET", f"{base}/cgi-bin/user/get", headers=header)
    refused, _, content = ask(host, "GET", f"{base}/cgi-bin/menu/get", headers=header)

    token = header["Authorization"].removeprefix("Bearer ")
    for path, errcode in (("user/get", 0), ("menu/get", 48001)):
        answer = ask(host, "GET", f"/cgi-bin/{path}?access_token={token}")
        assert (200, errcode) == (answer[0], answer[2].get("errcode", 0))

    assert (200, True) == (status, users["total"] > 0)
    assert (403, "path_not_in_scope") == (refused, content["error"])
    assert [] == host.journal("/cgi-bin/menu/get")


def test_the_body_reaches_wechat(host, appid, as_client):
    """By Basic, without a token of ours in between."""
    menu = '{"button":[{"type":"click","name":"菜单","key":"k"}]}'.encode()
    base = f"/wechat_api/{appid}/cgi-bin/menu"
    made = ask(host, "POST", f"{base}/create", headers=as_client, body=menu)
    got = ask(host, "GET", f"{base}/get", headers=as_client)

    assert (200, 0) == (made[0], made[2]["errcode"])
    assert "菜单" == got[2]["menu"]["button"][0]["name"]


def test_the_real_token_and_its_replacement(host, appid, as_client):
    """It works at WeChat itself; rejected, another one stands there."""
    base = f"/wechat_api/{appid}"
    # A reset sandbox has forgotten the token of the test before; a call tells so.
    ask(host, "GET", f"{base}/cgi-bin/user/get", headers=as_client)
    path = f"{base}/access_token"
    status, headers, first = ask(host, "GET", path, headers=as_client)
    direct = host.http.request(
        "GET",
        f"{host.sandbox_url}/cgi-bin/user/get",
        fields={"access_token": first["access_token"]},
    ).json()
    host.sandbox("POST", "/_sandbox/expire", {"appid": appid})
    rejected = json.dumps({"access_token": first["access_token"]})
    answers = [
        ask(host, "POST", f"{path}/reject", headers=as_client, body=rejected)[2]
        for _ in "ab"
    ]
    _, _, second = ask(host, "GET", path, headers=as_client)

    assert (200, "no-store") == (status, headers["Cache-Control"])
    assert direct["total"] > 0
    assert [True, False] == [each["dropped"] for each in answers]
    assert all(7000 < each["expires_in"] <= 7200 for each in answers)
    assert second["access_token"] != first["access_token"]
    log = host.log()
    assert '"client":"demo"' in log
    for secret in (first["access_token"], second["access_token"], host.secret):
        assert secret not in log


def test_the_token_needs_its_word(host, appid, as_client):
    """A token for all paths does not read it."""
    header = bearer(host, as_client, appid, scope="/*")
    path = f"/wechat_api/{appid}/access_token"

    assert 403 == ask(host, "GET", path, headers=header)[0]
    header = bearer(host, as_client, appid, scope="token:read")
    assert 200 == ask(host, "GET", path, headers=header)[0]


def config(host, appid, headers, page):
    query = urlencode({"url": page})
    return ask(
        host, "GET", f"/wechat_api/{appid}/jssdk_config?{query}", headers=headers
    )


def verdict(host, content, page, **changed):
    """Return what wx.config would say on that page."""
    return host.sandbox(
        "POST",
        "/_sandbox/jssdk/verify",
        {
            "appid": content["appId"],
            "url": page,
            "timestamp": str(content["timestamp"]),
            "noncestr": content["nonceStr"],
            "signature": content["signature"],
            **changed,
        },
    )["verdict"]


def test_wechat_takes_our_signature(host, appid, as_client):
    """And none for another page, or by another one.

    In one test: a reset sandbox knows no ticket that the gateway holds, and no call
    would tell the gateway.
    """
    for page in (
        "http://127.0.0.1:8080/shop?a=1&b=%E5%BA%97+x",
        "https://127.0.0.1",
        "http://127.0.0.1/#/route?c=2",
    ):
        status, headers, content = config(host, appid, as_client, page)

        assert (200, "no-store") == (status, headers["Cache-Control"])
        assert "config:ok" == verdict(host, content, page)
        assert "config:ok" != verdict(host, content, page.split("#")[0] + "?x")
        wrong = hashlib.sha1(b"x", usedforsecurity=False).hexdigest()
        assert "config:ok" != verdict(host, content, page, signature=wrong)


def test_a_page_elsewhere_is_not_signed(host, appid, as_client):
    """400 and the reason, before WeChat says it to a customer."""
    status, _, content = config(host, appid, as_client, "https://evil.example.com/")

    assert (400, "url_not_in_js_domains") == (status, content["error"])


def test_the_quota_at_wechat_and_here(host, appid, as_client):
    """WeChat's number is the app's, ours the client's."""
    base = f"/wechat_api/{appid}"
    for _ in range(2):
        ask(host, "GET", f"{base}/cgi-bin/user/get", headers=as_client)
    path = f"{base}/quota?path=/cgi-bin/user/get"
    status, _, content = ask(host, "GET", path, headers=as_client)

    quota = content["quota"]
    assert (200, "/cgi-bin/user/get") == (status, content["path"])
    assert quota["used"] == 2
    assert quota["daily_limit"] - 2 == quota["remain"]
    assert "demo" == content["gateway"]["client"]
    assert isinstance(content["gateway"]["succeeded_today"], int)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code"),
    [
        ("GET", "/oidc/token", {}, None, 405, "method_not_allowed"),
        ("POST", "/oidc/token?client_secret=x", FORM, b"", 400, "invalid_request"),
        (
            "POST",
            "/oidc/token",
            {"Content-Type": "application/json"},
            b'{"grant_type":"client_credentials"}',
            400,
            "invalid_request",
        ),
        (
            "POST",
            "/oidc/token",
            {**FORM, "Authorization": "Basic !!"},
            b"grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            "GET",
            "/wechat_api/{}/cgi-bin/user/get",
            {},
            None,
            401,
            "access_token_missing",
        ),
        (
            "GET",
            "/wechat_api/{}/cgi-bin/user/get",
            {"Authorization": "Basic !!"},
            None,
            401,
            "invalid_client",
        ),
        (
            "GET",
            "/wechat_api/{}/cgi-bin/user/get",
            {"Authorization": "Bearer x.1.1." + "A" * 43},
            None,
            401,
            "invalid_token",
        ),
    ],
)
def test_refusals_over_the_wire(host, appid, method, path, headers, body, status, code):
    """Each with its status, and a challenge where one is due."""
    answer = ask(host, method, path.format(appid), headers=headers, body=body)

    assert (status, code) == (answer[0], answer[2]["error"])
    assert "no-store" == answer[1]["Cache-Control"]
    assert (401 == status) == ("WWW-Authenticate" in answer[1])
    assert [] == host.journal("/cgi-bin/user/get")


def test_another_apps_token_is_refused(host, appid, as_client):
    """The address names the app, and the token has to name the same."""
    other = host.app("miniprogram")["appid"]
    header = bearer(host, as_client, other)
    status, _, content = ask(
        host, "GET", f"/wechat_api/{appid}/cgi-bin/user/get", headers=header
    )

    assert (403, "app_not_granted") == (status, content["error"])
