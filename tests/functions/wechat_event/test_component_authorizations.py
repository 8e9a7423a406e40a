"""Authorisations that an open platform tells of: durable before `success`."""

from __future__ import annotations

import logging
import time

import pytest

from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from runtime.errors import WeChatRefused
from runtime.upstream.answer import Answer
from tests.support.component_pushes import ACCOUNT, COMPONENT, event, sealed
from tests.support.open_platform import Platform
from tests.support.pushes import stored
from tests.support.scripted_wechat import change

SUCCESS = (200, "success")
PATH = "/cgi-bin/component/"
NAMES = ("api_query_auth", "api_get_authorizer_info", "api_authorizer_token")


@pytest.fixture
def platform(wechat, component):
    """The open platform behind WeChat's API, which needs the component's token."""
    made = Platform()
    tokens = iter(range(1, 1000))

    def component_token(exchange):
        given = exchange.content
        assert given["component_verify_ticket"].startswith("ticket@@@")
        return {"component_access_token": f"C{next(tokens)}", "expires_in": 7200}

    def ask(name):
        def answer(exchange):
            assert exchange.arguments["component_access_token"].startswith("C")
            try:
                return made.ask(_Component, name, exchange.content)
            except WeChatRefused as refused:
                return {"errcode": refused.errcode, "errmsg": refused.errmsg}

        return answer

    wechat.script(f"{PATH}api_component_token", component_token)
    for name in NAMES:
        wechat.script(f"{PATH}{name}", ask(name))
    made.authorize(ACCOUNT, "code-1")
    return made


class _Component:
    appid = COMPONENT


@pytest.fixture
def tell(tell, gateway, platform):
    gateway.verify_tickets.put(COMPONENT, "ticket@@@1", created=1)
    return tell


def authorized(code="code-1", kind="authorized", **more):
    fields = {
        "AuthorizerAppid": ACCOUNT,
        "AuthorizationCode": code,
        "AuthorizationCodeExpiredTime": int(time.time()) + 3600,
        "PreAuthCode": "pre-1",
    }
    return event(kind, **fields, **more)


def withdrawn(**more):
    return event("unauthorized", AuthorizerAppid=ACCOUNT, **more)


def call(gateway):
    """Call WeChat for the account, as a client's call does."""
    app = gateway.registry.app(ACCOUNT)
    return gateway.calls.real_token(app).value


@pytest.mark.case(174)
def test_an_account_is_ready_after_success(gateway, tell, platform, caplog):
    """Its document is written, and a call needs no fetch."""
    caplog.set_level(logging.DEBUG)
    assert SUCCESS == tell(sealed(authorized()))

    found = gateway.registry.authorizer(COMPONENT, ACCOUNT)
    assert (found.stands, found.refresh_token) == (True, "refresh-code-1")
    assert call(gateway) == "access-1"
    assert platform.times("api_authorizer_token") == 0
    for secret in ("code-1", "access-1"):
        assert secret not in caplog.text


def test_it_is_told_again(gateway, tell, platform, redis, settings):
    """Once exchanged, once in the journal."""
    said = authorized()
    for nonce in ("a", "b", "c"):
        assert SUCCESS == tell(sealed(said, nonce=nonce))

    assert platform.times("api_query_auth") == 1
    (journalled,) = stored(redis, settings, COMPONENT)
    assert f"<AuthorizerAppid><![CDATA[{ACCOUNT}]]>" in journalled
    for secret in ("code-1", "pre-1"):
        assert secret not in journalled


def test_other_permissions_replace_the_token(gateway, tell, platform):
    """WeChat answers the old one with 40001, though its two hours are not over."""
    now = int(time.time())
    assert SUCCESS == tell(sealed(authorized(created=now)))
    assert call(gateway) == "access-1"
    platform.authorize(ACCOUNT, "code-2", sets=(1,), anew=False)
    changed = authorized("code-2", "updateauthorized", created=now + 1)

    assert SUCCESS == tell(sealed(changed))
    assert call(gateway) == "access-2"
    found = gateway.registry.authorizer(COMPONENT, ACCOUNT)
    assert (found.permission_sets, found.revision) == ((1,), 2)


def test_a_withdrawal_ends_the_calls_at_once(gateway, tell, platform):
    """With 61003, also in the process that has just used the token."""
    now = int(time.time())
    assert SUCCESS == tell(sealed(authorized(created=now)))
    assert call(gateway) == "access-1"
    platform.withdraw(ACCOUNT)
    assert SUCCESS == tell(sealed(withdrawn(created=now + 1)))

    with pytest.raises(WeChatRefused) as refused:
        call(gateway)
    assert refused.value.errcode == 61003


def test_events_out_of_order(gateway, tell, platform):
    """An old withdrawal after a new authorisation: WeChat says what stands."""
    now = int(time.time())
    assert SUCCESS == tell(sealed(authorized(created=now)))
    assert SUCCESS == tell(sealed(withdrawn(created=now - 60)))
    assert call(gateway) == "access-1"


def test_without_the_documents_it_is_not_acknowledged(
    gateway, tell, platform, monkeypatch, redis
):
    """The code is exchanged once; the event comes again, and is acknowledged then."""

    def away(*_):
        raise StoreAway("PutObject: test")

    monkeypatch.setattr(FolderStore, "create", away)
    for _ in range(3):
        assert (503, "503") == tell(sealed(authorized(created=7)))
    monkeypatch.undo()
    assert not redis.keys("gateway:push:*")
    assert SUCCESS == tell(sealed(authorized(created=7)))

    assert platform.times("api_query_auth") == 1
    assert gateway.registry.authorizer(COMPONENT, ACCOUNT).stands


def test_without_a_ticket_it_is_not_acknowledged(gateway, tell, platform, redis):
    """The code waits in Redis for the component's token."""
    redis.flushall()
    for id_ in gateway.documents.ids("tickets"):
        gateway.documents.remove("tickets", id_, after=1)
    assert tell(sealed(authorized()))[0] in (502, 503)
    assert 1 == gateway.authorizations.unfinished(gateway.registry.own_app(COMPONENT))
    assert platform.times("api_query_auth") == 0


def test_a_code_of_no_use_is_acknowledged(gateway, tell, platform, caplog):
    """To send it again helps nobody; the operator knows."""
    platform.codes.clear()
    assert SUCCESS == tell(sealed(authorized()))
    assert f"the code of {ACCOUNT} is of no use, 61009" in caplog.text
    assert gateway.registry.authorizer(COMPONENT, ACCOUNT) is None


def test_a_registered_mini_program_authorises_too(gateway, tell, platform):
    """The code stands in another field, and WeChat tells it once."""
    fields = {"appid": ACCOUNT, "status": 0, "auth_code": "code-1", "msg": "OK"}
    assert SUCCESS == tell(sealed(event("notify_third_fasteregister", **fields)))
    assert gateway.registry.authorizer(COMPONENT, ACCOUNT).stands


@pytest.mark.parametrize("kind", ["authorized", "updateauthorized", "unauthorized"])
def test_an_event_without_its_fields(kind, tell, platform):
    """It is not WeChat's."""
    assert (400, "400") == tell(sealed(event(kind)))
    assert not platform.asked


def test_a_failing_call_of_the_platform_is_not_acknowledged(tell, platform, wechat):
    """It says that it is busy."""
    busy = Answer(200, (), b'{"errcode":-1,"errmsg":"system error"}')
    wechat.rescript(f"{PATH}api_query_auth", busy)
    assert tell(sealed(authorized()))[0] in (502, 503)


@pytest.mark.case(174)
def test_events_are_copied_to_services(gateway, tell, redis, settings):
    """Those that a route wants, without WeChat's ticket and codes."""
    route = {
        "id": "r1",
        "client": "demo",
        "url": "https://service.example.com/push",
        "format": "event",
        "secret": "whsec_" + "A" * 32,
        "reply": True,
    }
    change(gateway, "apps", COMPONENT, routes=[route])
    ticket = event("component_verify_ticket", ComponentVerifyTicket="ticket@@@2")
    for said in (ticket, authorized()):
        assert SUCCESS == tell(sealed(said))

    journalled = stored(redis, settings, COMPONENT)
    assert ["component_verify_ticket", "authorized"] == [
        each.partition("InfoType><![CDATA[")[2].partition("]")[0] for each in journalled
    ]
    assert not any("ticket@@@2" in each or "code-1" in each for each in journalled)
    jobs = [key for key in redis.hkeys("gateway:push:{inbox}:jobs") if b"+" not in key]
    assert len(jobs) == 2
    assert gateway.verify_tickets.newest(COMPONENT).value == "ticket@@@2"
