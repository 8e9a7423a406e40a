"""Parameters without a value count as left out (RFC 6749, 3.1 and 3.2)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from runtime.errors import BadRequest, GatewayError
from tests.support.client_sign_in import BACK, OIDC, Visit, willing
from tests.support.handles import oidc
from tests.support.provider import CODE, SECRETS, make_code
from tests.support.scripted_wechat import SERVICE, change, header

OF_AUTHORIZE = [
    *OIDC,
    *("response_mode", "prompt", "max_age", "id_token_hint", "login_hint", "display"),
    *("ui_locales", "acr_values", "claims", "request", "request_uri", "registration"),
]


@pytest.fixture
def visit(gateway, wechat):
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    willing(wechat)
    return Visit(gateway)


def outcome(visit, pairs):
    """Return the error, what the client is told, or the flow that has begun."""
    try:
        location = header(visit.get(oidc, "/authorize", urlencode(pairs)), "Location")
    except GatewayError as error:
        return type(error)
    told = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
    if location.startswith(BACK):
        return {**told, "code": "code" in told}
    flow = visit.gateway.flows.find(told["state"])
    return replace(flow, browser="", request=replace(flow.request, again=""))


@pytest.mark.parametrize("more", [{}, {"prompt": "none"}], ids=["", "prompt=none"])
@pytest.mark.parametrize("signed_in", [False, True], ids=["new", "signed in"])
@pytest.mark.parametrize("name", OF_AUTHORIZE)
def test_at_authorize_an_empty_one_is_left_out(visit, name, signed_in, more):
    """The flow, the code and the error are the same; an empty state is no state."""
    if signed_in:
        visit.agree(visit.authorize())
    pairs = {**OIDC, **more}
    empty = {**pairs, name: ""}
    without = {key: value for key, value in pairs.items() if key != name}

    assert outcome(visit, without) == outcome(visit, empty)


@pytest.mark.parametrize("name", OIDC)
def test_an_empty_one_beside_another_is_a_repetition(visit, name):
    """RFC 6749, 3.1: each parameter is sent once at most."""
    told = outcome(visit, [*OIDC.items(), (name, "")])

    if name in ("client_id", "redirect_uri"):
        assert told is BadRequest
    else:
        assert told["error"] == "invalid_request"


GRANTS = {
    "authorization_code": ("code", "redirect_uri", "code_verifier"),
    "refresh_token": ("refresh_token", "scope"),
    "client_credentials": ("appid", "scope"),
}
OF_TOKEN = [
    (grant_type, name)
    for grant_type, names in GRANTS.items()
    for name in (*names, "grant_type", "client_id", "client_secret", "resource")
]


@pytest.mark.parametrize(("grant_type", "name"), OF_TOKEN)
def test_at_the_token_endpoint_an_empty_one_is_left_out(
    provider, gateway, grant_type, name
):
    """For each grant type: the same status, error, scope and kinds of tokens."""

    def ask(*, empty):
        form = {"grant_type": grant_type, "client_id": "demo"}
        form["client_secret"] = SECRETS["demo"]
        if grant_type == "authorization_code":
            form |= {**CODE, "code": make_code(gateway)}
        elif grant_type == "refresh_token":
            tokens = provider.tokens(scope=("openid", "offline_access"))
            form |= {"refresh_token": tokens["refresh_token"], "scope": "openid"}
        else:
            form |= {"appid": SERVICE, "scope": "/cgi-bin/user/*"}
        form.pop(name, None)
        status, _, content = provider.token(
            {**form, name: ""} if empty else form, client=None
        )
        return status, content.keys(), content.get("error"), content.get("scope")

    assert ask(empty=False) == ask(empty=True)
