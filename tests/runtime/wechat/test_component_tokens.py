"""The chain against the sandbox: ticket, component's token, an account's token."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.crypto.envelope import Envelope
from runtime.errors import ServiceUnavailable, WeChatRefused
from runtime.gateway import Gateway
from runtime.registry.authorizers import UNAUTHORIZED, Authorizer, Authorizers
from runtime.settings import settings_from
from runtime.state.redis_store import RedisStore
from runtime.wechat.component_tokens import PendingRefreshTokens
from tests.support.sandbox_component import API, SandboxComponent

ROOT = Path(__file__).parents[3]


@pytest.fixture
def started(sandbox_environ):
    """Return gateways as other processes have them."""

    def start():
        return Gateway(settings_from(sandbox_environ))

    return start


def account(gateway, component):
    return gateway.registry.app(component.merchant)


def token_of(gateway, component):
    return gateway.calls.real_token(account(gateway, component)).value


def make_due(redis_server, name):
    client = redis_server.client()
    client.hset(f"gateway:credential:{{{name}}}", "due_at", 1)
    client.hset(f"gateway:credential:{{{name}}}", "expires_at", 1)
    client.close()


def pending_keys(redis_server):
    client = redis_server.client()
    found = client.keys("gateway:refresh_token:*")
    client.close()
    return found


def name_of(component):
    return f"authorizer_access_token:{component.appid}-{component.merchant}"


def test_a_call_for_an_account(component, started):
    """Any process calls with the account's token; the chain is fetched once for all."""
    component.authorize()
    gateways = [started() for _ in range(4)]

    def call(gateway):
        app = account(gateway, component)
        return gateway.calls.get_json(app, "/cgi-bin/menu/get")

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call, each) for each in gateways * 3]
    refusals = [each.exception() for each in calls]

    assert {error.errcode for error in refusals} == {46003}, "there is no menu"
    assert len(component.asked(f"{API}api_component_token")) == 1
    assert len(component.asked(f"{API}api_authorizer_token")) == 1


def test_one_component_token_serves_all_accounts(component, started):
    """Ten accounts take one fetch of it."""
    appids = [component.merchant, component.program]
    appids += [
        component.sandbox.control("apps", kind="service")["appid"] for _ in range(8)
    ]
    for each in appids:
        component.authorize(each)
    gateway = started()
    tokens = {gateway.calls.real_token(gateway.registry.app(a)).value for a in appids}

    assert len(tokens) == 10
    assert len(component.asked(f"{API}api_component_token")) == 1


def test_a_rejected_component_token_is_replaced_once(component, started):
    """WeChat has done nothing by then, so the call is repeated; an error is not."""
    component.authorize()
    component.sandbox.control("expire", appid=component.appid)

    assert token_of(started(), component)
    answers = component.asked(f"{API}api_authorizer_token")
    assert [each["errcode"] for each in answers] == [40001, 0]
    assert len(component.asked(f"{API}api_component_token")) == 2


def test_a_new_refresh_token_is_written_before_the_token_counts(
    component, started, redis_server, monkeypatch
):
    """While it is written nobody gets the access token that came with it."""
    component.authorize()
    old = component.stored().refresh_token
    component.act("rotate", authorizer=component.merchant)
    change, seen = Authorizers.change, []

    def watched(self, *arguments):
        client = redis_server.client()
        key = f"gateway:credential:{{{name_of(component)}}}"
        seen.append((client.hget(key, "value"), len(pending_keys(redis_server))))
        client.close()
        return change(self, *arguments)

    monkeypatch.setattr(Authorizers, "change", watched)
    assert token_of(started(), component)

    assert seen == [(None, 1)]
    assert component.stored().refresh_token != old
    assert pending_keys(redis_server) == []


def test_the_same_refresh_token_writes_nothing(component, started, redis_server):
    """So a bucket that is away costs no token."""
    component.authorize()
    version = component.stored().revision
    gateway = started()
    assert token_of(gateway, component)

    assert component.stored().revision == version
    assert pending_keys(redis_server) == []


@pytest.mark.parametrize("where", ["answered", "pending", "written"])
@pytest.mark.case(178)
def test_a_process_killed_between_answer_and_commit(
    component, started, sandbox_environ, redis_server, where
):
    """The next one goes on, and WeChat's newest refresh token is in the document."""
    component.authorize()
    first = component.stored().refresh_token
    component.act("rotate", authorizer=component.merchant)
    worker = [sys.executable, "-m", "tests.support.chain_worker", component.merchant]
    environ = {**os.environ, **sandbox_environ}
    killed = subprocess.run(
        [*worker, where], env=environ, cwd=ROOT, check=False, timeout=60
    )
    assert killed.returncode == -9
    assert (component.stored().refresh_token != first) == (where == "written")
    done = subprocess.run(
        [*worker, "never"],
        env=environ,
        cwd=ROOT,
        check=True,
        timeout=60,
        capture_output=True,
    )

    assert len(done.stdout) == 64
    newest = component.stored().refresh_token
    assert newest != first
    asked = component.asked(f"{API}api_get_authorizer_info")
    assert len(asked) == (where == "answered"), "WeChat is asked only where all is lost"
    # What was written already is for an older refresh token, and ends by itself.
    assert len(pending_keys(redis_server)) == (where == "written")
    make_due(redis_server, name_of(component))
    assert token_of(started(), component)
    assert component.stored().refresh_token == newest


def test_without_the_bucket_a_new_refresh_token_waits(
    component, started, redis_server, monkeypatch
):
    """No access token is handed out; when the bucket is back, nothing was lost."""
    component.authorize()
    first = component.stored().refresh_token
    component.act("rotate", authorizer=component.merchant)
    gateway = started()
    app = account(gateway, component)

    def away(*arguments):
        raise ServiceUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(Authorizers, "change", away)
        with pytest.raises(ServiceUnavailable):
            gateway.calls.real_token(app)
    assert component.stored().refresh_token == first
    assert len(pending_keys(redis_server)) == 1
    client = redis_server.client()
    client.hdel(f"gateway:credential:{{{name_of(component)}}}", "retry_at")
    client.close()

    assert gateway.calls.real_token(app)
    assert component.stored().refresh_token != first
    assert component.asked(f"{API}api_get_authorizer_info") == []


def test_what_waits_in_redis_is_found_before_wechat_is_asked(
    component, started, monkeypatch
):
    """By a process that asked with the old one before the other noted the new one."""
    component.authorize()
    component.act("rotate", authorizer=component.merchant)
    other, gateway = started(), started()
    app = account(gateway, component)

    def away(*arguments):
        raise ServiceUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(Authorizers, "change", away)
        with pytest.raises(ServiceUnavailable):
            other.calls.real_token(account(other, component))
    find, found = PendingRefreshTokens.find, []

    def late(self, known):
        found.append(find(self, known) if found else None)
        return found[-1]

    monkeypatch.setattr(PendingRefreshTokens, "find", late)
    gateway.upkeep.refresh(gateway.calls.real_token_source(app), ignore_pause=True)

    assert [bool(each) for each in found] == [False, True]
    assert component.asked(f"{API}api_get_authorizer_info") == []
    assert gateway.calls.real_token(app)


def test_a_frozen_process_overwrites_no_other_refresh_token(redis_server):
    """Each waits under the one that it was given for, and is forgotten alone."""
    envelope = Envelope({1: b"m" * 32})
    pending = PendingRefreshTokens(RedisStore(redis_server.client), envelope)
    first, second = (
        Authorizer(f"wx{'c' * 16}", f"wx{'a' * 16}", "service", refresh_token=each)
        for each in ("R1", "R2")
    )
    pending.put(second, "R3")
    pending.put(first, "R2")

    assert (pending.find(first), pending.find(second)) == ("R2", "R3")
    pending.forget(first)
    assert (pending.find(first), pending.find(second)) == (None, "R3")
    pending.forget(second)
    assert pending_keys(redis_server) == []


def test_after_redis_was_emptied_the_document_is_enough(
    component, started, redis_server
):
    """Ticket, component's token and account's token come again from the documents."""
    component.authorize()
    assert token_of(started(), component)
    redis_server.empty()

    assert token_of(started(), component)
    asked = component.asked(f"{API}api_component_token")
    assert [each["errcode"] for each in asked] == [0, 0]


def test_a_refresh_token_that_was_replaced_elsewhere_is_read_anew(
    component, started, redis_server
):
    """By 61023: from the document if another process has changed it, else at WeChat."""
    component.authorize()
    gateway = started()
    stale = account(gateway, component)
    component.act("unauthorize", authorizer=component.merchant, deadline=0.2)
    component.authorize()
    assert gateway.calls.real_token(stale)
    assert component.asked(f"{API}api_get_authorizer_info") == []
    answers = component.asked(f"{API}api_authorizer_token")
    assert [each["errcode"] for each in answers] == [61023, 0]
    newest = component.stored()
    broken = dict.fromkeys(["refresh_token"], "refreshtoken@@@lost")
    component.gateway.authorizers.change(
        component.appid,
        component.merchant,
        lambda found: type(found)(
            **{**{n: getattr(found, n) for n in found.__slots__}, **broken}
        ),
    )
    make_due(redis_server, name_of(component))

    assert token_of(started(), component)
    assert len(component.asked(f"{API}api_get_authorizer_info")) == 1
    assert component.stored().refresh_token == newest.refresh_token


def test_a_late_answer_does_not_replace_a_newer_authorisation(
    component, started, monkeypatch
):
    """The document has the new authorisation's refresh token; that stays."""
    component.authorize()
    component.act("rotate", authorizer=component.merchant)
    gateway = started()
    app = account(gateway, component)
    put, asked, goes_on = PendingRefreshTokens.put, threading.Event(), threading.Event()

    def slow(self, *arguments):
        asked.set()
        goes_on.wait(20)
        put(self, *arguments)

    monkeypatch.setattr(PendingRefreshTokens, "put", slow)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(gateway.calls.real_token, app)
        assert asked.wait(20)
        component.act("unauthorize", authorizer=component.merchant, deadline=0.2)
        newest = component.authorize()
        goes_on.set()
        late.result(20)

    assert component.stored().refresh_token == newest.refresh_token


def test_an_account_that_has_withdrawn(component, started):
    """Its calls end with 61003, before WeChat is asked; so do its tickets."""
    component.authorize()
    gateway = started()
    assert token_of(gateway, component)
    component.gateway.authorizers.change(
        component.appid,
        component.merchant,
        lambda found: type(found)(
            **{
                **{name: getattr(found, name) for name in found.__slots__},
                "state": UNAUTHORIZED,
            }
        ),
    )
    asked = len(component.sandbox.journal())
    app = account(component.gateway, component)
    for call in (
        lambda: component.gateway.calls.real_token(app),
        lambda: component.gateway.calls.send(app, "GET", "/cgi-bin/menu/get"),
        lambda: component.gateway.calls.ticket(app, "jsapi"),
    ):
        with pytest.raises(WeChatRefused) as caught:
            call()
        assert caught.value.errcode == 61003
    assert component.gateway.calls.sources(app) == []
    assert len(component.sandbox.journal()) == asked


def test_without_a_ticket(sandbox, sandbox_environ):
    """61005 without asking WeChat; the first ticket ends the pause at once."""
    gateway = Gateway(settings_from(sandbox_environ))
    component = SandboxComponent(sandbox, gateway)
    component.take_ticket = lambda: None
    component.enter()
    app = gateway.registry.own_app(component.appid)
    for _ in range(2):
        with pytest.raises(WeChatRefused) as caught:
            gateway.component_tokens.component_token(app)
        assert caught.value.errcode == 61005
    assert component.asked(f"{API}api_component_token") == []
    SandboxComponent.take_ticket(component)

    assert gateway.component_tokens.component_token(app).value


def test_an_old_ticket_is_refused_until_a_new_one_comes(component, started):
    """After twelve hours without a push; the pause ends with the next ticket."""
    component.sandbox.control("clock", advance=13 * 3600)
    gateway = started()
    app = gateway.registry.own_app(component.appid)
    with pytest.raises(WeChatRefused) as caught:
        gateway.component_tokens.component_token(app)
    assert caught.value.errcode == 61005
    component.take_ticket()

    assert gateway.component_tokens.component_token(app).value
