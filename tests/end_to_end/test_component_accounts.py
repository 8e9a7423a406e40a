"""An account from its authorisation to its withdrawal, at the simulated platform."""

from __future__ import annotations

import json
import time

import pytest

from tests.support import component_pushes
from tests.support.component_host import ComponentHost
from tests.support.developer_host import DeveloperHost
from tests.support.manage_process import run_manage

READ = "/cgi-bin/get_api_domain_ip"


@pytest.fixture(scope="module")
def component(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("accounts")) as running:
        yield ComponentHost(running)


@pytest.fixture
def world(component):
    """The component, with accounts that have not authorised it yet."""
    component.add_accounts()
    component.connect()
    component.host.sandbox("DELETE", "/_sandbox/journal")
    return component


@pytest.fixture
def call(world):
    """Call WeChat for the account as a client does; return the JSON."""

    def run(path=READ):
        client = world.registered
        query = {"appid": world.account, "secret": client["secret"]}
        token = _get(world, "/cgi-bin/token", grant_type="client_credential", **query)
        return _get(world, path, access_token=token["access_token"])

    return run


def _get(world, path, **query):
    answer = world.host.http.request("GET", world.url + path, fields=query)
    return json.loads(answer.data)


def authorize(world, *sets, action="authorize"):
    done = world.act(action, authorizer=world.account, func_info=list(sets))
    assert done["push"]["error"] is None, done
    return done


def used_tokens(world):
    return {entry["token_id"] for entry in world.host.journal(READ)}


def test_permissions_that_change(world, call):
    """Both tokens are replaced: no call meets the one that WeChat no longer takes."""
    authorize(world, 1, 2, 15)
    assert call()["ip_list"]
    authorize(world, 1, 15, action="update")
    for _ in range(3):
        assert call()["ip_list"]

    assert [0] * 4 == [each["errcode"] for each in world.host.journal(READ)]
    assert len(used_tokens(world)) == 2
    assert [0, 0] == [each["errcode"] for each in world.asked("api_query_auth")]
    assert world.asked("api_authorizer_token") == []


def test_a_withdrawal(world, call):
    """The next call gets 61003, and WeChat is not even asked; then all begins anew."""
    authorize(world, 1, 15)
    assert call()["ip_list"]
    done = world.act("unauthorize", authorizer=world.account)
    assert done["push"]["error"] is None
    before = len(world.host.journal(READ))
    assert call()["errcode"] == 61003
    assert len(world.host.journal(READ)) == before
    authorize(world, 1, 15)
    assert call()["ip_list"]


def test_events_that_are_told_again_and_late(world, call):
    """Doubled, and in the wrong order, with a signature of now."""
    old = int(time.time()) - 60
    authorize(world, 1, 15)
    app = world.host.app("component")
    for event in (
        component_pushes.event(
            "unauthorized",
            created=old,
            component=world.component,
            AuthorizerAppid=world.account,
        ),
    ) * 2:
        query, body = component_pushes.sealed(
            event,
            token=app["token"],
            aes_key=app["encoding_aes_key"],
            appid=world.component,
        )
        path = f"{world.url}/wechat_event/{world.component}/ticket?{query}"
        answer = world.host.http.request("POST", path, body=body)
        assert (answer.status, answer.data) == (200, b"success")
    assert call()["ip_list"]


def test_messages_come_to_the_account(world):
    """Each at its own path; the same at another account's path is refused."""
    authorize(world, 1, 15)
    done = world.act("authorize", authorizer=world.program, func_info=[17, 18, 19])
    assert done["push"]["error"] is None
    said = {"MsgType": "text", "Content": "两杯龙井"}
    order = {"appid": world.account, "message": said, "mode": "safe"}
    push = {**order, "component": world.component, "retries": True}
    sent = world.host.sandbox("POST", "/_sandbox/push", push)
    assert (sent["error"], sent["body"], sent["deliveries"]) == (None, "success", 1)
    listed = run_manage(world.host.folder, "push", "list", world.account, "--json")
    assert len(json.loads(listed.stdout)["pushes"]) == 1, listed.stdout

    change = {
        "appid": world.component,
        "message_url": f"{world.url}/wechat_event/{world.component}/{world.program}",
    }
    world.host.sandbox("POST", "/_sandbox/apps", change)
    refused = world.host.sandbox("POST", "/_sandbox/push", push)
    assert refused["status"] == 403
    assert "refused, account" in world.host.log()


def test_what_was_lost_is_pulled(world, call):
    """The event never arrived; an operator fills the gap."""
    app = {"appid": world.component, "callback_url": "http://127.0.0.1:1/"}
    world.host.sandbox("POST", "/_sandbox/apps", app)
    done = world.act("authorize", authorizer=world.account, func_info=[1, 15])
    assert done["push"]["error"]
    pulled = _manage(world, "pull")
    assert pulled["not_exchanged"] == [world.account]
    world.connect()
    authorize(world, 1, 15, 2, action="update")
    assert call()["ip_list"]
    (row,) = (
        each
        for each in _manage(world, "authorizers")["authorizers"]
        if each["appid"] == world.account
    )
    assert (row["state"], row["permission_sets"]) == ("authorized", [1, 2, 15])
    assert _manage(world, "status")["ticket"] == "ok"
    assert _manage(world, "start-push")["outcome"] == "was running"


def _manage(world, verb):
    done = run_manage(world.host.folder, "component", verb, world.component, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
