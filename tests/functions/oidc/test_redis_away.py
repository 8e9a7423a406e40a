"""Endpoints without Redis: 503 where a grant is needed, answers where none is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from runtime.gateway import Gateway
from tests.support.ports import free_port
from tests.support.provider import Provider, make_code


@pytest.mark.case(124)
def test_no_token_and_no_user(provider, gateway, settings, clock):
    """503 with Retry-After, for code, refresh token and access token alike."""
    tokens = provider.tokens(scope=("openid", "offline_access"))
    code = make_code(gateway)
    url = f"redis://127.0.0.1:{free_port()}/0"
    away = Gateway(replace(settings, redis_url=url), clock=clock)
    cut_off = Provider(away)
    answers = [
        cut_off.redeem(code),
        cut_off.token(
            {
                "grant_type": "refresh_token",
                "refresh_token": tokens["refresh_token"],
            }
        ),
        cut_off.userinfo(tokens["access_token"]),
    ]

    assert [(503, "temporarily_unavailable")] * 3 == [
        (status, content["error"]) for status, _, content in answers
    ]
    assert ["2"] * 3 == [headers["Retry-After"] for _, headers, _ in answers]


@pytest.mark.parametrize(
    "path",
    ["/.well-known/openid-configuration", "/oidc/jwks"],
    ids=["metadata", "keys"],
)
def test_what_needs_no_redis_is_there(settings, clock, path):
    """Services go on checking ID tokens."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    away = Gateway(replace(settings, redis_url=url), clock=clock)
    status, _, body = Provider(away).ask(path)

    assert 200 == status
    assert json.loads(body)
