"""Wrong client secrets: every endpoint that takes a secret counts them alike."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from runtime.registry.client_secrets import hash_secret, matches
from runtime.usage.limits import Limits
from tests.support.api_calls import WHO
from tests.support.documentation import syntax_tree
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import CLIENT_SECRET, FORM, SERVICE, basic

GRANT = {"grant_type": "client_credentials", "appid": SERVICE}
CODE = {"grant_type": "authorization_code"}
WRONG = "demo_" + "0" * 32
PROJECT = Path(__file__).parents[2]


def by_query(path, fields):
    return lambda secret: (
        wechat_api,
        {"path": path, "query": urlencode({**WHO, **fields, "secret": secret})},
    )


def stable_token(secret):
    body = json.dumps({**WHO, "secret": secret}).encode()
    return wechat_api, {"path": "/cgi-bin/stable_token", "method": "POST", "body": body}


def real_token(secret):
    body = json.dumps({**WHO, "secret": secret, "force_refresh": False}).encode()
    path = f"/wechat_api/{SERVICE}/access_token"
    return wechat_api, {"path": path, "method": "POST", "body": body}


def own_path(secret):
    headers = [("authorization", basic(secret=secret))]
    return wechat_api, {"path": f"/wechat_api/{SERVICE}/quota", "headers": headers}


def oauth(form=None, headers=(), path="/oidc/token"):
    def ask(secret):
        who = {name: value.replace("SECRET", secret) for name, value in form.items()}
        body = urlencode({**GRANT, **who}).encode()
        return oidc, {
            "path": path,
            "method": "POST",
            "body": body,
            "headers": [("content-type", FORM), *headers],
        }

    return ask


def oauth_by_basic(secret):
    return oauth({}, [("authorization", basic(secret=secret))])(secret)


PLACES = {
    "token": by_query("/cgi-bin/token", {}),
    "stable_token": stable_token,
    "code": by_query("/sns/oauth2/access_token", {**CODE, "code": "x"}),
    "real token": real_token,
    "js_code": by_query("/sns/jscode2session", {"js_code": ""}),
    "own path": own_path,
    "form": oauth({"client_id": "demo", "client_secret": "SECRET"}),
    "basic": oauth_by_basic,
    "revocation": oauth(
        {"client_id": "demo", "client_secret": "SECRET"}, path="/oidc/revoke"
    ),
    "introspection": oauth(
        {"client_id": "demo", "client_secret": "SECRET"}, path="/oidc/introspect"
    ),
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def guess(request, gateway):
    """Ask with a secret; return the code by which it was refused, if it was."""
    gateway.limits = Limits(
        gateway.redis_store,
        per_address=1000,
        per_minute=1000,
        trusted_hops=0,
        clock=gateway.clock,
        wrong_secrets=3,
    )

    def ask(secret, *, peer_ip="192.0.2.1"):
        handler, call = request.param(secret)
        environ = make_environ_fc(**call, peer_ip=peer_ip)
        status, headers, body = call_wsgi(handler.with_gateway(gateway), environ)
        content = json.loads(body)
        return content.get("errcode") or content.get("error"), status, dict(headers)

    return ask


@pytest.mark.case(123)
def test_the_fourth_guess_of_three(guess):
    """It is told to wait; a right secret of the same address is accepted as before."""
    wrong = {guess(WRONG)[0] for _ in range(3)}
    right_before = guess(CLIENT_SECRET)[0]
    late = [guess(WRONG) for _ in range(60)]

    assert wrong <= {40125, "invalid_client"}
    assert right_before not in (*wrong, 45011, "rate_limited")
    for code, status, headers in late:
        told = ((45011, 200), (45011, 429), ("rate_limited", 429))
        assert (code, status) in told
        assert 1 <= int(headers["Retry-After"]) <= 60
    assert right_before == guess(CLIENT_SECRET)[0]
    assert right_before == guess(CLIENT_SECRET, peer_ip="192.0.2.2")[0]


@pytest.mark.case(123)
def test_a_refused_guess_shows_nothing(guess):
    """Known or not, nearly right or not: the same words, once there were too many."""
    nearly = CLIENT_SECRET[:-1] + "0"
    for secret in (WRONG, "nobody_" + "0" * 32):
        for _ in range(4):
            guess(secret)
    late = [guess(secret)[:2] for secret in (WRONG, nearly, "nobody_" + "1" * 32)]

    assert 1 == len(set(late))


@pytest.mark.case(123)
def test_a_long_guess_is_not_hashed(guess):
    """A secret of a few thousand characters is wrong like any other."""
    assert guess(WRONG)[:2] == guess("demo_" + "0" * 5000)[:2]


@pytest.mark.parametrize("length", [257, 100_000])
def test_what_is_too_long_matches_nothing(length):
    """Not even a hash of itself: no work is done for it."""
    secret = "x" * length

    assert not matches(secret, hash_secret(secret))
    assert matches("x" * 256, hash_secret("x" * 256))


@pytest.mark.case(123)
def test_nobodys_secret_counts_alike(guess):
    """An unknown client gets the same answers as a known one."""
    names = [guess("nobody_" + "0" * 32)[0] for _ in range(5)]
    known = [guess(WRONG, peer_ip="192.0.2.2")[0] for _ in range(5)]

    assert names == known


def test_no_place_checks_a_secret_without_counting():
    """The check and the count are called in one module, which holds both."""
    users = {
        str(file.relative_to(PROJECT))
        for tree in ("functions", "runtime")
        for file in (PROJECT / tree).rglob("*.py")
        for node in ast.walk(syntax_tree(file))
        if isinstance(node, ast.Attribute)
        if node.attr in ("check_secret", "client_of", "owns")
    }

    assert users == {"runtime/broker/client_proof.py", "runtime/registry/registry.py"}
