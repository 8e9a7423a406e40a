"""Drill: somebody else fetches tokens of the same app, until the page's commands."""

from __future__ import annotations

import json

import pytest

from tests.support.drills import PROGRAM, Deployment, commands_of, own_sandbox

PAGE, TITLE = "docs/operating/tokens.md", "Tokens that fail at random"


@pytest.fixture
def deployment(tmp_path, redis_server):
    with own_sandbox() as sandbox:
        yield Deployment(tmp_path, sandbox, redis_server.url)


def test_others_do_no_harm_any_more(deployment):
    """Before, each fetch of the others costs one of ours; afterwards none."""
    app = deployment.fill()
    appid = app["appid"]
    deployment.manage(f"app update {appid} --token-mode plain")
    client = json.loads(
        deployment.manage(
            f"client add Orders --id orders --app {appid} --scope '/cgi-bin/*' --json"
        )
    )
    secrets = {"theirs": app["secret"], "ours": client["secret"]}
    with deployment.host() as host:
        get, sandbox = host.get, deployment.sandbox

        def fetched(secret, ask):
            query = f"grant_type=client_credential&appid={appid}&secret={secret}"
            return ask(f"/cgi-bin/token?{query}").json()["access_token"]

        def others_fetch():
            fetched(secrets["theirs"], sandbox.get)
            # WeChat takes the one before for five more minutes.
            sandbox.control("clock", advance=301)

        def call():
            path = f"/cgi-bin/user/get?access_token={token}"
            assert "total" in get(path).json()

        token = fetched(secrets["ours"], get)
        call()
        others_fetch()
        lines = [
            line.removeprefix(PROGRAM).replace("wx0123456789abcdef", appid)
            for line in commands_of(PAGE, TITLE)
        ]
        assert "dead" in deployment.manage(lines[0], code=1)
        call()
        others_fetch()
        call()
        before = fetches(deployment.manage(lines[1]))
        assert before == 3
        for line in lines[2:4]:
            deployment.manage(line)
        assert "works" in deployment.manage(lines[4])
        calm = fetches(deployment.manage(lines[1]))
        others_fetch()
        call()

        assert "works" in deployment.manage(lines[4])
        assert calm == fetches(deployment.manage(lines[1]))


def fetches(answer):
    (each,) = json.loads(answer)["tokens"]
    return each["fetches_today"]
