"""Drill: the master key is lost, and the page's commands lead out of it."""

from __future__ import annotations

import base64
import json
import shlex

import pytest

from tests.end_to_end.visitor import Visitor
from tests.support.drills import (
    PROGRAM,
    Deployment,
    commands_of,
    own_bucket,
    own_sandbox,
    run_shell,
    signed_in,
    who_is,
)

PAGE = "docs/operating/losses.md"
UNUSED = "wxfedcba9876543210"
TOKEN, AES_KEY = "newPushToken", "N" * 43


@pytest.fixture
def deployment(tmp_path, redis_server):
    """On a bucket, so that Redis has copies of what the lost key has encrypted."""
    with own_sandbox() as sandbox, own_bucket() as server:
        yield Deployment(tmp_path, sandbox, redis_server.url, **server.settings)


def fill(deployment):
    """Add a document of every kind that has a secret; return app and route."""
    app = deployment.fill()
    appid, manage = app["appid"], deployment.manage
    typed = f"{app['token']}\n{app['encoding_aes_key']}\n"
    manage(f"app update {appid} --push --secret-stdin", typed=typed)
    secret = "0123456789abcdef" * 2
    words = f"app add {UNUSED} --kind website --secret-stdin"
    manage(words, typed=f"{secret}\n")
    pairwise = "--redirect-uri https://shop.example.com/back --subject-type pairwise"
    manage(f"client add 'Shop page' --app {appid} {pairwise}")
    url = "https://127.0.0.1:8443/wechat"
    add = f"push route add {appid} --client demo --url {url} --match openid=o-li"
    route = json.loads(manage(f"{add} --json"))["id"]
    manage("person add o-zhang --name Zhang --group staff")
    manage(
        "alert add ops --kind slack --secret-stdin", typed="https://127.0.0.1:8443/x\n"
    )
    return app, route


def lose_the_key(deployment):
    """Configure what the page's first command prints."""
    first, *commands = commands_of(PAGE, "The master key is lost")
    environment = deployment.environment
    line = run_shell(first, folder=deployment.folder, environment=environment)
    name, _, value = line.strip().partition("=")
    assert len(base64.b64decode(value.removeprefix("2:"))) == 32
    environment[name] = value
    return commands


def test_every_secret_is_replaced_and_a_user_signs_in(deployment):
    """With nothing but manage.py: what was open stays, what was sealed is anew."""
    app, route = fill(deployment)
    with deployment.host() as host:
        visitor = Visitor(host)
        before = json.loads(signed_in(host, visitor).data)
    commands = lose_the_key(deployment)
    with deployment.host() as host:
        assert 500 <= Visitor(host).ask("GET", f"{host.url}/login").status
        assert 503 == host.get("/healthz").status
    ids = {"wx0123456789abcdef": app["appid"], "aaaa1111": route}
    typed = {
        "app update": f"{app['secret']}\n{TOKEN}\n{AES_KEY}\n",
        "alert update": "https://127.0.0.1:8443/y\n",
    }
    answers = {}
    for line in commands:
        words = shlex.split(line.removeprefix(PROGRAM))
        words = " ".join(ids.get(word, word) for word in words)
        verb = " ".join(words.split()[:2])
        stdin = " --secret-stdin" if verb in typed else ""
        answer = deployment.manage(f"{words}{stdin} --json", typed=typed.get(verb, ""))
        answers[verb] = json.loads(answer)
    appid = app["appid"]

    user = next(
        each for each in answers["store export"]["not_opened"] if "people/" in each
    )
    assert {
        *(f"apps/{appid}#{name}" for name in ("secret", "token", "routes")),
        *(f"apps/{appid}#encoding_aes_key", f"apps/{UNUSED}#secret"),
        *("clients/shop-page#pairwise_salt", "alerts/ops#url", user),
    } == set(answers["store export"]["not_opened"])
    assert "warnings" not in answers["push route"]
    assert "staff" in json.dumps(answers["person update"])
    assert [] == answers["store check"]["faults"]
    assert answers["store check"]["without_key"]
    with deployment.host() as host:
        still = who_is(visitor, host)
        assert before["sub"] == json.loads(still.data)["sub"]
        me = signed_in(host)
        assert before["sub"] == json.loads(me.data)["sub"]
        assert 200 == host.get("/healthz").status


def test_what_was_backed_up_is_whole_once_the_key_is_found(deployment):
    """The file of `store export --readable` has the secrets that no key opened."""
    fill(deployment)
    old = deployment.environment["MASTER_KEYS"]
    commands = lose_the_key(deployment)
    deployment.manage(commands[0].removeprefix(PROGRAM))
    deployment.environment["MASTER_KEYS"] = old
    deployment.environment["CONFIG_URL"] += "-elsewhere"
    deployment.manage("redis claim")
    deployment.manage("store import before.json")

    assert "faults     -" in deployment.manage("store check")
    with deployment.host() as host:
        assert 200 == signed_in(host).status
