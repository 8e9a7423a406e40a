"""User tokens of OpenID Connect at /sns: refused, whoever they are about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.sign_in.authorization_request import OIDC, WECHAT
from runtime.tokens.grant_store import Grant
from tests.support.client_sign_in import sns
from tests.support.scripted_wechat import SERVICE

PROFILE = {
    "name": "张三",
    "picture": None,
    "wechat_openid": "o-1",
    "wechat_unionid": "u-1",
    "wechat_appid": SERVICE,
}
REFRESH = {"appid": "demo", "grant_type": "refresh_token"}


@pytest.fixture
def held(gateway):
    """Return the answers of auth, userinfo and refresh for a grant's own tokens."""
    grant = Grant(
        dialect=WECHAT,
        client_id="demo",
        epoch=1,
        sub="u-1",
        profile=PROFILE,
        auth_time=int(gateway.clock()),
        scope=("openid", "profile", "offline_access"),
        redirect_uri="https://app.example.com/signed_in",
        appid="demo",
    )

    def ask(dialect):
        grants, now = gateway.grants, gateway.clock()
        id_, _ = grants.redeem(grants.code(replace(grant, dialect=dialect)))
        token = {"access_token": grants.user_token(id_, now=now), "openid": "o-1"}
        refresh_token = grants.refresh_token(id_, now=now)
        return [
            sns(gateway, "auth", **token),
            sns(gateway, "userinfo", **token),
            sns(
                gateway, "oauth2/refresh_token", **REFRESH, refresh_token=refresh_token
            ),
        ]

    return ask


@pytest.mark.case(104)
def test_it_opens_nothing(held):
    """It reads no user and gets no token; the same grant of /sns does both."""
    refused, taken = held(OIDC), held(WECHAT)

    assert [each["errcode"] for each in refused] == [40001, 40001, 40030]
    assert [each.get("errcode", 0) for each in taken] == [0, 0, 0]
