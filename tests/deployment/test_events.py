"""The same archive on FC 3.0, which calls the same handlers with a JSON event."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.deployment.function_compute import events
from tests.deployment.operator_steps import sign_in


@pytest.mark.usefixtures("client")
def test_a_user_signs_in(deployment, appids):
    """A user signs in, with one cookie in each answer."""
    session = sign_in(deployment, deployment.ask_by_event)
    status, _, me = deployment.ask_by_event("GET", "/login/me", cookie=session)
    user = deployment.sandbox("GET", "/users")[0]

    assert (200, user["openid"][appids["service"]]) == (status, me["wechat_openid"])
    assert 401 == deployment.ask_by_event("GET", "/login/me")[0]


@pytest.mark.usefixtures("client")
def test_a_session_is_one_on_both(deployment):
    """A session of FC 2.0 is valid on FC 3.0 and the other way round."""
    session = sign_in(deployment, deployment.ask_by_event)
    _, _, there = deployment.ask_by_event("GET", "/login/me", cookie=session)
    status, _, here = deployment.ask("GET", "/login/me", cookie=session)

    assert (200, there) == (status, here)


def test_a_client_calls_wechat(deployment, token):
    """WeChat gets the query as the client sent it."""
    target = f"/cgi-bin/user/get?access_token={token}"
    status, _, content = deployment.ask_by_event("GET", target)

    assert (200, True) == (status, content["total"] > 0)


def test_a_form_comes_in_base64(deployment, appids, client):
    """A base64 body of the event reaches the function as bytes."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo",
        "client_secret": client["secret"],
        "appid": appids["service"],
    }
    status, _, content = deployment.ask_by_event(
        "POST",
        "/oidc/token",
        body=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
    )

    assert (200, "Bearer") == (status, content["token_type"])


@pytest.mark.usefixtures("client")
def test_an_operator_calls_admin(deployment):
    """admin answers a call that the trigger has authenticated."""
    status, _, content = deployment.ask_by_event(
        "POST", "/admin/client/list", body=b"{}", content_type="application/json"
    )

    assert (200, ["demo"]) == (
        status,
        [each["client_id"] for each in content["clients"]],
    )


@pytest.mark.usefixtures("token")
def test_the_timer_ticks(deployment):
    """The handler tells a timer's event from an HTTP event."""
    told = events.tick(deployment.instance("refresh"), name="wechat_gateway_refresh")
    round_ = json.loads(told["result"])

    assert {"fresh", "version"} <= set(round_)
