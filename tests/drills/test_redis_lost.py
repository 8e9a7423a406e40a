"""Drill: Redis is lost with all that it had, and an empty one takes its place."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.visitor import Visitor
from tests.support.drills import (
    PROGRAM,
    Deployment,
    commands_of,
    own_sandbox,
    signed_in,
    who_is,
)
from tests.support.redis_server import make_redis

PAGE, TITLE = "docs/operating/losses.md", "Redis is lost"


@pytest.fixture
def deployment(tmp_path, own_redis):
    with own_sandbox() as sandbox:
        yield Deployment(tmp_path, sandbox, own_redis.url)


@pytest.fixture
def new_redis(tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    server = make_redis(folder)
    yield server
    server.end()


def test_an_empty_redis_takes_its_place(deployment, own_redis, new_redis):
    """Gateway tokens of before are valid; users sign in anew, and are who they were."""
    app = deployment.fill()
    appid = app["appid"]
    client = json.loads(
        deployment.manage(
            f"client add Orders --id orders --app {appid} --scope '/cgi-bin/*' --json"
        )
    )
    query = f"grant_type=client_credential&appid={appid}&secret={client['secret']}"
    with deployment.host() as host:
        visitor = Visitor(host)
        before = json.loads(signed_in(host, visitor).data)
        token = host.get(f"/cgi-bin/token?{query}").json()["access_token"]
        own_redis.stop()
        assert 503 == host.get("/healthz").status
    deployment.environment["REDIS_URL"] = new_redis.url
    answers = [
        deployment.manage(
            line.removeprefix(PROGRAM).replace("wx0123456789abcdef", appid)
        )
        for line in commands_of(PAGE, TITLE)
    ]

    assert ["faults  -", "fetched", "works"] == [
        word for word, said in zip(WORDS, answers, strict=True) if word in said
    ]
    with deployment.host() as host:
        assert 401 == who_is(visitor, host).status
        call = host.get(f"/cgi-bin/getcallbackip?access_token={token}").json()
        assert "ip_list" in call
        assert before["sub"] == json.loads(signed_in(host).data)["sub"]


WORDS = ("faults  -", "fetched", "works")
