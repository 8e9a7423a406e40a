"""Delivery of logout tokens: to a client that listens, is slow, refuses or is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from functions.deliver.index import handler
from runtime.crypto.encoding import from_base64url
from runtime.gateway import Gateway
from runtime.tokens.logout_notices import EVENT
from tests.support.client_sign_in import BACK, Visit, redeemed, willing
from tests.support.push_callback import serve_callback
from tests.support.pushes import INBOX
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import SERVICE, WEBSITE, change

EVENT_OF_TIMER = b'{"triggerTime":"2027-01-15T08:00:00Z","triggerName":"tick"}'


@pytest.fixture
def client():
    """The client's own server; its URL has a query."""
    with serve_callback() as made:
        yield made


@pytest.fixture
def telling(gateway, settings, clock, wechat, client):
    """A gateway that may call this machine, and a client that is told there."""
    change(
        gateway,
        "clients",
        "demo",
        redirect_uris=[BACK],
        scopes={SERVICE: [], WEBSITE: []},
        backchannel_logout_uri=client.url,
    )
    willing(wechat)
    networks = ("127.0.0.0/8",)
    made = Gateway(
        replace(settings, oidc_key={1: private_key()}, push_private_networks=networks),
        clock=clock,
        transport=wechat,
    )
    return made


@pytest.fixture
def signed_out(telling):
    """The claims of the ID token of a user who has signed out."""
    visit = Visit(telling)
    answer = redeemed(telling, visit.code(visit.authorize()))
    telling.sessions.end_all("u-1")
    return answer["id_token"]


def verified(token, key):
    """Return header and claims of a token that this public key has signed."""
    signed, _, signature = token.rpartition(".")
    n, e = (int.from_bytes(from_base64url(key[name]), "big") for name in ("n", "e"))
    rsa.RSAPublicNumbers(e, n).public_key().verify(
        from_base64url(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    return [json.loads(from_base64url(each)) for each in signed.split(".")]


def deliver(gateway):
    """Let one round run; return its counts."""
    told = json.loads(handler.with_gateway(gateway)(EVENT_OF_TIMER, None))
    return {name: number for name, number in told.items() if name != "version"}


def jobs(redis_server):
    with redis_server.client() as redis:
        found = redis.hvals(f"{INBOX}:jobs")
        return [json.loads(each) for each in found if each.startswith(b"{")]


def test_a_client_is_told(telling, signed_out, client, redis_server):
    """By one POST of a form; another library verifies the token."""
    done = deliver(telling)
    (delivery,) = client.deliveries
    form = parse_qs(delivery.body.decode())
    (key,) = json.loads(telling.oidc_keys.jwks)["keys"]
    head, claims = verified(form["logout_token"][0], key)
    _, issued = verified(signed_out, key)

    assert {"done": 1} == done
    assert ["logout_token"] == list(form)
    assert ("POST", {"a": "1"}) == (delivery.method, delivery.query)
    assert "application/x-www-form-urlencoded" == delivery.headers["Content-Type"]
    assert ("RS256", "logout+jwt", key["kid"]) == (
        head["alg"],
        head["typ"],
        head["kid"],
    )
    assert {EVENT: {}} == claims["events"]
    assert ("https://gateway.example.com", "demo") == (claims["iss"], claims["aud"])
    assert (issued["sub"], issued["sid"]) == (claims["sub"], claims["sid"])
    assert "nonce" not in claims
    assert {} == deliver(telling)


@pytest.mark.parametrize("status", [400, 302, 501, 503])
def test_a_client_that_refuses_is_told_again(
    telling, signed_out, client, redis_server, status
):
    """Later, with a new token; the job names the status."""
    client.answer = lambda delivery: (status, b"")
    first = deliver(telling)
    (job,) = jobs(redis_server)

    assert {"failed": 1} == first
    assert (f"status_{status}", "due") == (job["y"], job["s"])
    assert 1 == len(client.deliveries)


def test_204_will_do(telling, signed_out, client):
    """Some clients have nothing to say."""
    client.answer = lambda delivery: (204, b"")

    assert {"done": 1} == deliver(telling)


def test_addresses_of_our_own_network_are_not_called(
    telling, signed_out, client, redis_server
):
    """Whatever a client has registered, unless the setting allows it."""
    telling.__dict__.pop("outbound", None)
    telling.settings = replace(telling.settings, push_private_networks=())
    done = deliver(telling)
    (job,) = jobs(redis_server)

    assert {"failed": 1} == done
    assert "not_allowed" == job["y"]
    assert [] == client.deliveries


def test_a_client_without_the_url_any_more(telling, signed_out, client):
    """Its job ends."""
    change(telling, "clients", "demo", backchannel_logout_uri="")

    assert {"gone": 1} == deliver(telling)
    assert [] == client.deliveries


def test_nobody_reads_it_in_redis(telling, signed_out, redis_server):
    """Neither who has signed out nor from where."""
    with redis_server.client() as redis:
        dumped = b"".join(redis.dump(key) for key in redis.scan_iter("gateway:push:*"))

    assert b"u-1" not in dumped
