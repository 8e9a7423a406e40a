"""A mobile app through the whole gateway: the code of WeChat's SDK, both ways."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture
def app(host):
    return host.app("mobile")


@pytest.fixture
def user(host):
    return host.user(2)


@pytest.fixture
def sdk_code(host, app, user):
    """Send SendAuth, to which the user agrees in the WeChat app."""

    def run():
        who = {"appid": app["appid"], "openid": user["openid"][app["appid"]]}
        told = host.sandbox("POST", "/_sandbox/send_auth", {**who, "state": "s-1"})
        assert told["state"] == "s-1"
        return told["code"]

    return run


@pytest.fixture
def exchange(host, app):
    """Exchange a code as the app's server does, with wechatpy-like parameters."""

    def run(code, **changed):
        asked = {"appid": app["appid"], "secret": host.secret, "code": code}
        asked |= {"grant_type": "authorization_code", **changed}
        url = f"{host.url}/sns/oauth2/access_token"
        return requests.get(url, params=asked, timeout=20).json()

    return run


def test_the_apps_server_exchanges_the_code(host, app, user, sdk_code, exchange):
    """Tokens of ours; WeChat saw the AppSecret once, and the code works once."""
    code = sdk_code()
    tokens = exchange(code)
    pair = {"access_token": tokens["access_token"], "openid": tokens["openid"]}
    profile = requests.get(f"{host.url}/sns/userinfo", params=pair, timeout=20)

    assert tokens["openid"] == user["openid"][app["appid"]]
    assert tokens["unionid"] == user["unionid"]
    profile.encoding = "utf-8"
    assert profile.json()["nickname"] == user["nickname"]
    assert exchange(code)["errcode"] == 40163
    # WeChat knows no token that we gave: it is another one.
    query = f"access_token={tokens['access_token']}&openid={tokens['openid']}"
    asked = host.http.request("GET", f"{host.sandbox_url}/sns/auth?{query}")
    assert b'"errcode":40001' in asked.data


def test_a_code_of_another_app_is_refused(host, sdk_code, exchange):
    """WeChat says so, and the app's own exchange still works."""
    code = sdk_code()
    website = host.app("website")["appid"]

    assert exchange(code, appid=website)["errcode"] == 40029
    assert exchange(code, secret="demo_" + "0" * 32)["errcode"] == 40125
    assert "openid" in exchange(code)


def test_a_session_without_a_server(host, app, user, sdk_code):
    """The same user as on the web, with name and picture."""
    url, asked = f"{host.url}/login/mobile", {"code": sdk_code()}
    session = requests.post(url, json=asked, timeout=20).json()
    bearer = {"Authorization": f"Bearer {session['session_token']}"}
    me = requests.get(f"{host.url}/login/me", headers=bearer, timeout=20)
    again = requests.post(url, json=asked, timeout=20)

    assert session["sub"] == user["unionid"]
    assert (me.json()["name"], me.json()["wechat_appid"]) == (
        user["nickname"],
        app["appid"],
    )
    assert me.json()["picture"]
    assert (again.status_code, again.json()["error"]) == (400, "sdk_code_spent")


def test_the_logs_tell_nothing(host, app, user, sdk_code, exchange):
    """Of codes, openids, tokens and secrets, after both ways to sign in."""
    codes = [sdk_code(), sdk_code()]
    tokens = exchange(codes[0])
    session = requests.post(
        f"{host.url}/login/mobile", json={"code": codes[1]}, timeout=20
    ).json()
    hushed = (*codes, tokens["access_token"], session["session_token"])

    found = [
        word
        for word in (*hushed, tokens["openid"], app["secret"], user["unionid"])
        if word in host.log()
    ]
    assert found == []
