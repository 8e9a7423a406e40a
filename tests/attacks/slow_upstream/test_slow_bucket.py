"""A slow bucket, and strangers who ask for what it may hold: nobody else is held up.

Redis has a copy of everything, and each stranger names an origin and a client that
there are none of. Without a shared listing each of them would wait for the bucket, with
a thread that somebody else needs.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.end_to_end.raw_host import APPID, CLIENT_SECRET, RawHost, get
from tests.runtime.documents.document_stores import oss, oss_store, use_keys
from tests.support.local_hosts import eventually
from tests.support.oss_server import BUCKET, KEY_ID, KEY_SECRET
from tests.support.relay import Relay

STRANGERS = 200
SLOW = 4.5
"""Seconds of each answer of the bucket: below the gateway's timeout, so none fails."""

SOON = 3.0
BACK = "https://site.example.com/back"
SITE = {
    "name": "Site",
    "scopes": {APPID: []},
    "secret_hashes": [],
    "redirect_uris": [BACK],
    "public": True,
    "origins": ["https://site.example.com"],
}


@pytest.fixture
def bucket(monkeypatch):
    """A bucket of OSS, which the host reaches through a relay that can slow it down."""
    use_keys(monkeypatch)
    with oss(monkeypatch) as server, Relay(server.port) as relay:
        relay.server = server
        yield relay


@pytest.fixture
def host(tmp_path, redis_server, bucket):
    made = RawHost(
        tmp_path,
        redis_server.url,
        options=("--development=false", "--timeouts=false"),
        more={("clients", "site"): SITE},
        settings={
            "CONFIG_URL": f"s3://{BUCKET}/wechat/config",
            "S3_ENDPOINT_URL": bucket.server.endpoint,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
            "http_proxy": f"http://{bucket.address}",  # boto3's alone
        },
    )
    with made as running:
        running.begin()
        check_well(running)
        yield running


def stranger(number):
    """Return a request that names an origin and a client that nobody knows."""
    sent = {"client_id": f"none-{number}", "redirect_uri": BACK}
    origin = f"Origin: https://stranger-{number}.example.com"
    return (
        get(f"/oidc/jwks?{number}", origin),
        get(f"/oidc/authorize?{urlencode({**sent, 'response_type': 'code'})}"),
        get(f"/connect/qrconnect?{urlencode({**sent, 'appid': f'wx{number}'})}"),
        get(f"/cgi-bin/token?grant_type=client_credential&appid={number}&secret=s"),
        get(f"/MP_verify_{number:016d}.txt"),
    )[number % 5]


def check_well(host):
    """Each of these is answered soon: they name what Redis has a copy of."""
    who = f"grant_type=client_credential&appid={APPID}&secret={CLIENT_SECRET}"
    page = f"/oidc/authorize?{urlencode({'client_id': 'site', 'redirect_uri': BACK})}"
    known = {
        "token": (get(f"/cgi-bin/token?{who}"), b"200"),
        "page of an origin": (
            get("/oidc/userinfo", "Origin: https://site.example.com"),
            b"401",
        ),
        "client": (get(page), b"303"),
        "call": (get(f"/cgi-bin/user/get?access_token={host.token}"), b"200"),
        "session": (get("/login/me"), b"401"),
        "probe": (get("/healthz?quick=1"), b"200"),
    }
    for name, (text, status) in known.items():
        began = time.monotonic()
        answer = host.ask(text.encode())

        assert (name, status) == (name, answer[9:12])
        assert time.monotonic() - began < SOON, name


def test_strangers_at_a_slow_bucket(host, bucket):
    """While they ask, and also when the listing of before is no longer fresh."""
    asked = len(bucket.log)
    bucket.seconds = SLOW
    with ThreadPoolExecutor(STRANGERS) as strangers:
        waiting = [
            strangers.submit(host.ask, stranger(number).encode(), seconds=60)
            for number in range(STRANGERS)
        ]
        for _ in range(4):
            check_well(host)
            time.sleep(1)
        answers = [each.result() for each in waiting]

    statuses = {each[9:12] for each in answers}
    assert not {b"500", b"502", b"504", b""} & statuses
    assert len(bucket.log) - asked < 20


def test_a_client_that_is_new_is_found(host, bucket):
    """The shared listing hides nobody: within some seconds of the bucket's own."""
    bucket.seconds = 0.5
    who = {"client_id": "new", "redirect_uri": BACK}
    page = get(f"/oidc/authorize?{urlencode(who)}")
    assert b"400" == host.ask(page.encode())[9:12]
    oss_store(bucket.server).create("clients/new", 1, json.dumps(SITE).encode())

    eventually(lambda: host.ask(page.encode())[9:12] == b"303")
