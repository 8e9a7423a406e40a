"""Grants of a client that is disabled, or has lost the app: none works any more."""

from __future__ import annotations

import pytest

from runtime.sign_in.authorization_request import WECHAT
from tests.support.client_sign_in import exchanged, sns
from tests.support.provider import OPENID, PROFILE, make_code
from tests.support.scripted_wechat import SERVICE, WEBSITE, change

DISABLED = {"disabled": True}
WITHOUT_THE_APP = {"scopes": {SERVICE: ["/cgi-bin/*"]}}
LASTING = ("openid", "profile", "offline_access")
IN_WECHATS_PROTOCOL = {
    "dialect": WECHAT,
    "scope": ("snsapi_userinfo",),
    "appid": "demo",
}

pytestmark = pytest.mark.case(126)
each_loss = pytest.mark.parametrize(
    ("loss", "refused"),
    [
        pytest.param(DISABLED, (401, "invalid_client"), id="disabled"),
        pytest.param(WITHOUT_THE_APP, (400, "invalid_grant"), id="without the app"),
    ],
)


@each_loss
def test_by_openid_connect(provider, gateway, loss, refused):
    """Neither code, nor refresh token, nor access token is of use."""
    tokens, code = provider.tokens(scope=LASTING), make_code(gateway)
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
    }
    before = provider.userinfo(tokens["access_token"])[0]
    change(gateway, "clients", "demo", **loss)
    answers = [provider.redeem(code), provider.token(refresh)]
    status, _, content = provider.userinfo(tokens["access_token"])

    assert [refused] * 2 == [(each[0], each[2].get("error")) for each in answers]
    assert (200, 401, "invalid_token") == (before, status, content["error"])


@each_loss
def test_in_wechats_dialect(provider, gateway, loss, refused):
    """The same, in WeChat's numbers."""
    codes = [make_code(gateway, **IN_WECHATS_PROTOCOL) for _ in range(2)]
    tokens = exchanged(gateway, codes[0])
    token = {"access_token": tokens["access_token"], "openid": OPENID}
    refresh = {"appid": "demo", "grant_type": "refresh_token"}
    refresh["refresh_token"] = tokens["refresh_token"]
    before = sns(gateway, "auth", **token)
    change(gateway, "clients", "demo", **loss)
    answers = [
        exchanged(gateway, codes[1]),
        sns(gateway, "auth", **token),
        sns(gateway, "userinfo", **token),
        sns(gateway, "oauth2/refresh_token", **refresh),
    ]
    at_the_code = 40125 if loss is DISABLED else 40029

    assert 0 == before["errcode"]
    assert [at_the_code, 40001, 40001, 40030] == [each["errcode"] for each in answers]


@pytest.mark.parametrize("appid", [SERVICE, WEBSITE])
def test_another_apps_users_stay(provider, gateway, appid):
    """What counts is the app by which a user came."""
    tokens = provider.tokens(profile={**PROFILE, "wechat_appid": SERVICE})
    scopes = gateway.registry.client("demo").scopes_by_app
    kept = {each: list(paths) for each, paths in scopes.items() if each == appid}
    change(gateway, "clients", "demo", scopes=kept)
    expected = 200 if appid == SERVICE else 401

    assert expected == provider.userinfo(tokens["access_token"])[0]
