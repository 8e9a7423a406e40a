"""Starts of a sign-in: a flood is told to wait, wherever it comes in."""

from __future__ import annotations

import dataclasses
import json
from urllib.parse import urlencode

import pytest

from runtime.entry.dialects import ErrorInDialect
from runtime.errors import BadRequest, RateLimited
from runtime.gateway import Gateway
from runtime.state.deployment import KEY as DEPLOYMENT
from runtime.usage.counters import METRICS_KEY
from runtime.web.form_as_link import LONGEST_LINK
from tests.support.client_sign_in import OIDC, WECHAT, Visit, changed, willing
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.handles import login
from tests.support.public_endpoints import CALLBACK_URI, ENDPOINTS
from tests.support.refusal import refusal
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import HTML, IN_WECHAT, SERVICE, WEBSITE, change

NOWHERE = "redis://127.0.0.1:1/0"
STARTS = ("sign-in", "root", "in WeChat", "QR", "authorize")


def stored(server):
    """Return the number of keys, without the one in which refusals are counted."""
    with server.client() as redis:
        return redis.dbsize() - redis.exists(METRICS_KEY)


@pytest.fixture
def start(gateway, settings):
    """Begin a sign-in at an endpoint, by settings that allow two a minute."""
    scopes = {SERVICE: [], WEBSITE: []}
    change(gateway, "clients", "demo", redirect_uris=[CALLBACK_URI], scopes=scopes)
    tight = {"sign_ins_per_address": 2, "oidc_key": {1: private_key()}}

    def at(endpoint, *, headers=HTML, peer_ip="192.0.2.1", **more):
        changed = dataclasses.replace(settings, **tight, **more)
        sent = [("content-type", endpoint.kind), *headers]
        call = {"method": endpoint.method, "path": endpoint.path, "headers": sent}
        call |= {"query": endpoint.query, "body": endpoint.body, "peer_ip": peer_ip}
        handler = endpoint.handler.with_gateway(Gateway(changed))
        return call_wsgi(handler, make_environ_fc(**call))

    return at


each_start = pytest.mark.parametrize("name", STARTS)


@pytest.mark.case(123)
@each_start
def test_the_third_of_two(start, redis_server, name):
    """The answer is a page with 429 and Retry-After; nothing is stored in Redis."""
    endpoint = ENDPOINTS[name]
    assert [200, 200] == [start(endpoint)[0] for _ in range(2)]
    before = stored(redis_server)
    status, headers, body = start(endpoint)

    assert (429, before) == (status, stored(redis_server))
    assert 1 <= int(dict(headers)["Retry-After"]) <= 60
    assert "请求过于频繁" in body.decode()
    assert "Set-Cookie" not in dict(headers)
    assert 200 == start(endpoint, peer_ip="192.0.2.2")[0]


@pytest.mark.case(123)
def test_all_ways_share_one_count(start):
    """Another browser, or a request for JSON, has no count of its own."""
    start(ENDPOINTS["sign-in"], headers=IN_WECHAT)
    start(ENDPOINTS["authorize"])
    status, headers, body = start(ENDPOINTS["QR"], headers=[("accept", "*/*")])

    assert (429, "rate_limited") == (status, json.loads(body)["error"])
    assert int(dict(headers)["Retry-After"]) >= 1


@pytest.mark.case(115)
@pytest.mark.parametrize(("hops", "expected"), [(0, 429), (1, 200)])
def test_callers_behind_a_proxy(start, hops, expected):
    """Each has its own count if the proxy is trusted; else they share one."""
    for address in ("198.51.100.1", "198.51.100.2", "198.51.100.3"):
        headers = [*HTML, ("x-forwarded-for", f"203.0.113.9, {address}")]
        answer = start(ENDPOINTS["sign-in"], headers=headers, trusted_proxy_hops=hops)

    assert expected == answer[0]


@pytest.mark.case(123)
def test_every_key_of_a_sign_in_ends(start, redis_server):
    """An unfinished sign-in leaves nothing of its own after ten minutes."""
    start(ENDPOINTS["sign-in"])
    client = redis_server.client()
    lives = [
        client.ttl(key)
        for key in client.scan_iter()
        if key not in (DEPLOYMENT.encode(), METRICS_KEY.encode())
    ]

    assert 4 == len(lives)
    assert all(0 < life <= 600 for life in lives)


@pytest.fixture
def visit(gateway):
    """A browser inside WeChat at a gateway that allows three starts a minute."""
    change(gateway, "clients", "demo", redirect_uris=[OIDC["redirect_uri"]])
    changes = {"sign_ins_per_address": 3, "oidc_key": {1: b"a key"}}
    gateway.settings = dataclasses.replace(gateway.settings, **changes)
    return Visit(gateway)


@pytest.mark.case(123)
def test_what_begins_anew_by_itself_counts(visit, redis_server):
    """A restart without a cookie counts as a start."""
    begun = visit.get(login, "/", "")
    visit.cookies.clear()
    for _ in range(2):
        visit.agree(begun)
        visit.cookies.clear()
    before = stored(redis_server)

    with refusal(RateLimited):
        visit.agree(begun)
    assert before == stored(redis_server)


@pytest.mark.case(123)
@pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])
def test_who_is_signed_in_gets_no_codes_without_end(visit, wechat, redis_server, way):
    """Each code is stored in Redis, so codes are limited, too."""
    willing(wechat)
    visit.agree(visit.get(login, "/", ""))
    codes = [way(visit) for _ in range(3)]
    before = stored(redis_server)

    assert [303] * 3 == [each.status for each in codes]
    with pytest.raises((RateLimited, ErrorInDialect)) as caught:
        way(visit)
    assert isinstance(getattr(caught.value, "error", caught.value), RateLimited)
    assert before == stored(redis_server)


@pytest.mark.case(123)
def test_a_flood_keeps_nobody_out_who_is_signed_in(visit, wechat):
    """Starts of other users are counted separately."""
    willing(wechat)
    visit.agree(visit.get(login, "/", ""))
    for _ in range(2):
        Visit(visit.gateway).get(login, "/", "")
    with pytest.raises(RateLimited):
        Visit(visit.gateway).get(login, "/", "")

    assert "code=" in dict(visit.authorize().headers)["Location"]


@pytest.mark.case(118, 123)
@pytest.mark.parametrize("room", [0, 1])
def test_a_request_beyond_all_measure_is_not_kept(visit, redis_server, room):
    """Redis stores the whole request; the client gets an error if it is too long."""
    length = len("/oidc/authorize?" + urlencode({**OIDC, "login_hint": ""}))
    answer = visit.authorize(login_hint="x" * (LONGEST_LINK - length + room))
    refused = "error=invalid_request" in dict(answer.headers)["Location"]

    assert bool(room) is refused
    assert bool(room) is (0 == stored(redis_server))


@pytest.mark.case(118, 123)
def test_nor_in_wechats_dialect(visit, redis_server):
    """The same limit applies to WeChat's protocol."""
    pairs = changed(WECHAT, more="x" * LONGEST_LINK)

    with pytest.raises(BadRequest):
        visit.connect(pairs)
    assert 0 == stored(redis_server)


@pytest.mark.case(124)
@each_start
def test_redis_away_is_no_permission(start, name):
    """The answer is 503; no sign-in starts that could not be finished."""
    status, headers, _ = start(ENDPOINTS[name], redis_url=NOWHERE)

    assert 503 == status
    assert "Set-Cookie" not in dict(headers)
