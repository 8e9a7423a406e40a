"""Messages of accounts at a component's URL: each is of the account the path names."""

from __future__ import annotations

import time

import pytest
from defusedxml.ElementTree import fromstring

from functions.deliver.index import deliver
from runtime.push.encryption import decrypt, key_of
from runtime.registry.authorizers import UNAUTHORIZED, Authorizer
from runtime.wechat import release_check
from tests.support.component_pushes import (
    ACCOUNT,
    AES_KEY,
    COMPONENT,
    SECRET,
    TOKEN,
    sealed,
)
from tests.support.message_service import message_service, route_to
from tests.support.open_platform import Platform
from tests.support.pushes import stored
from tests.support.scripted_wechat import change
from tests.support.waited import let_pass

SUCCESS = (200, "success")
REFUSED = (403, "403")
OTHER = "wx" + "e" * 16
OPENID = "o" + "B" * 27
API = "/cgi-bin/component/"


def text(content="hello", *, to="gh_dddddd", number=1, kind="text"):
    return (
        f"<xml><ToUserName><![CDATA[{to}]]></ToUserName>"
        f"<FromUserName><![CDATA[{OPENID}]]></FromUserName>"
        f"<CreateTime>{number}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{number}</MsgId></xml>"
    )


def event(name, *, to):
    return (
        f"<xml><ToUserName>{to}</ToUserName><FromUserName>{OPENID}</FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType>event</MsgType><Event>{name}</Event></xml>"
    )


@pytest.fixture
def authorize(gateway, component):
    """Let accounts authorise the component."""

    def run(appid=ACCOUNT, *, user_name="gh_dddddd", **fields):
        made = Authorizer(
            *(COMPONENT, appid, "service", f"refresh-{appid}"),
            user_name=user_name,
            **fields,
        )
        gateway.authorizers.change(COMPONENT, appid, lambda _: made)

    return run


@pytest.fixture
def say(tell):
    """Send a message of an account as the open platform does."""

    def run(message, *, appid=ACCOUNT, component=COMPONENT, **more):
        path = f"/wechat_event/{component}/{appid}"
        return tell(sealed(message, envelope="ToUserName", **more), path=path)

    return run


def test_a_message_is_stored_for_its_account(authorize, say, redis, settings):
    """Not for the component."""
    authorize()

    assert SUCCESS == say(text())
    assert SUCCESS == say(text(), nonce="again")
    assert [text()] == stored(redis, settings, ACCOUNT)
    assert [] == stored(redis, settings, COMPONENT)


@pytest.mark.case(170)
def test_an_accounts_message_at_anothers_path(authorize, say, redis, caplog):
    """It is WeChat's own, and somebody has sent it elsewhere."""
    authorize()
    authorize(OTHER, user_name="gh_eeeeee")

    assert REFUSED == say(text(), appid=OTHER)
    assert REFUSED == say(text(to="gh_eeeeee"), appid=ACCOUNT)
    assert "refused, account" in caplog.text
    assert not redis.keys("gateway:push:*stream*")


def test_a_strangers_account(gateway, component, say, wechat, redis):
    """WeChat says that it has not authorised; nothing is written."""
    gateway.verify_tickets.put(COMPONENT, "ticket@@@1", created=1)
    token = {"component_access_token": "C1", "expires_in": 7200}
    wechat.script(f"{API}api_component_token", token)
    wechat.script(f"{API}api_get_authorizer_info", {"errcode": 61003, "errmsg": "no"})

    assert REFUSED == say(text())
    assert gateway.registry.authorizer(COMPONENT, ACCOUNT) is None


def test_one_that_has_withdrawn(authorize, say, wechat):
    """Its messages are no longer the component's."""
    authorize(state=UNAUTHORIZED)
    assert REFUSED == say(text())


def test_an_authorisation_that_was_lost_is_found_by_its_messages(
    gateway, component, say, wechat
):
    """Its event never came, and WeChat tells what stands."""
    gateway.verify_tickets.put(COMPONENT, "ticket@@@1", created=1)
    platform = Platform()
    platform.authorize(ACCOUNT, "code-1")
    platform.standing[ACCOUNT]["exchanged"] = True
    token = {"component_access_token": "C1", "expires_in": 7200}
    wechat.script(f"{API}api_component_token", token)
    wechat.script(
        f"{API}api_get_authorizer_info",
        lambda asked: platform.ask(
            gateway.registry.own_app(COMPONENT),
            "api_get_authorizer_info",
            asked.content,
        ),
    )

    assert SUCCESS == say(text())
    found = gateway.registry.authorizer(COMPONENT, ACCOUNT)
    assert (found.refresh_token, found.user_name) == ("refresh-code-1", "gh_dddddd")
    assert REFUSED == say(text(to="gh_other", number=2))


@pytest.mark.parametrize("by", ["receive_id", "key", "token", "age"])
def test_a_forged_message(by, authorize, tell, redis):
    """Whoever knows the path knows no key; and the account's own are not enough."""
    authorize()
    forged = {
        "receive_id": {"appid": ACCOUNT},
        "key": {"aes_key": "C" * 43},
        "token": {"token": "wrong"},
        "age": {"at": time.time() - 400},
    }
    path = f"/wechat_event/{COMPONENT}/{ACCOUNT}"
    assert REFUSED == tell(sealed(text(), **forged[by]), path=path)
    assert not redis.keys("gateway:push:*stream*")


@pytest.mark.parametrize("component", [ACCOUNT, OTHER, "x"])
def test_another_document_has_no_such_path(authorize, say, component):
    """The document decides what a path means."""
    authorize()
    assert (404, "404") == say(text(), component=component)


def test_the_routes_of_the_component_and_of_the_account(gateway, authorize, say, redis):
    """The component's, unless the account has a document of its own."""
    authorize()
    route = {
        "id": "r1",
        "client": "demo",
        "url": "https://service.example.com/push",
        "format": "event",
        "secret": "whsec_" + "A" * 32,
    }
    change(gateway, "apps", COMPONENT, routes=[route])
    assert SUCCESS == say(text())
    assert [COMPONENT] == _owners(redis)
    gateway.documents.write("apps", ACCOUNT, {"kind": "authorized"}, after=0)
    assert SUCCESS == say(text(number=2))
    assert [COMPONENT] == _owners(redis)
    change(gateway, "apps", ACCOUNT, routes=[{**route, "id": "r2"}])
    assert SUCCESS == say(text(number=3))
    assert {COMPONENT, ACCOUNT} == set(_owners(redis))


@pytest.mark.parametrize("owner", [COMPONENT, ACCOUNT])
@pytest.mark.parametrize(
    ("fields", "receiver"),
    [
        ({}, COMPONENT),
        ({"receive_id": "component"}, COMPONENT),
        ({"receive_id": "account"}, ACCOUNT),
    ],
)
def test_for_whom_a_push_is_encrypted(
    owner, fields, receiver, gateway, authorize, tell, relaying
):
    """For the component as from WeChat; for the account if its service is its own.

    The path has the account's appid where the route's URL has $APPID$.
    """
    authorize()
    if owner == ACCOUNT:
        gateway.documents.write("apps", ACCOUNT, {"kind": "authorized"}, after=0)
    with (
        message_service(appid=receiver) as first,
        message_service(appid=receiver) as second,
    ):
        first.answer = lambda message: f"to {message.content}"
        routes = [
            {**route_to(each, id_, **fields), "url": f"{each.url}/$APPID$/callback"}
            for id_, each in (("r1", first), ("r2", second))
        ]
        routes[0]["reply"] = True
        change(gateway, "apps", owner, routes=routes)
        path = f"/wechat_event/{COMPONENT}/{ACCOUNT}"
        status, body = tell(
            sealed(text(), envelope="ToUserName"), path=path, by=relaying
        )
        assert deliver(relaying) == {"done": 1}

    answer, receive_id = decrypt(
        fromstring(body).find("Encrypt").text, key=key_of(AES_KEY)
    )
    assert (status, receive_id) == (200, COMPONENT)
    assert fromstring(answer).find("Content").text == "to hello"
    for service in (first, second):
        assert service.contents == ["hello"]
        assert service.paths == [f"/wx/{ACCOUNT}/callback"]


def test_which_component_a_push_is_encrypted_for(
    gateway, authorize, tell, relaying, component
):
    """Of two: for the one that has its messages, though the other is newer."""
    authorize(permission_sets=(1,), authorized_at=1)
    newer = "wx" + "f" * 16
    other = Authorizer(
        *(newer, ACCOUNT, "service", "refresh"), permission_sets=(4,), authorized_at=2
    )
    gateway.authorizers.change(newer, ACCOUNT, lambda _: other)
    content = {"kind": "component", "secret": SECRET}
    gateway.documents.write("apps", newer, content, after=0)
    with message_service(appid=COMPONENT) as service:
        routes = [route_to(service, reply=True)]
        own = {"kind": "authorized", "routes": routes}
        gateway.documents.write("apps", ACCOUNT, own, after=0)
        path = f"/wechat_event/{COMPONENT}/{ACCOUNT}"
        assert SUCCESS == tell(
            sealed(text(), envelope="ToUserName"), path=path, by=relaying
        )
    assert service.contents == ["hello"]


def _owners(redis):
    """Return the owners of the routes for which something is to be delivered."""
    found = redis.zrange("gateway:push:{inbox}:targets", 0, -1)
    return sorted(each.decode().partition("/")[0] for each in found)


# The full-release check.

PAIRS = sorted(release_check.ACCOUNTS.items())
PROGRAMS = sorted(release_check.MINI_PROGRAMS.items())


@pytest.mark.parametrize(("appid", "user_name"), PAIRS)
def test_the_text_of_the_check_is_answered_at_once(
    appid, user_name, component, say, clock
):
    """Encrypted for the component, and addressed back."""
    said = text(release_check.TEXT, to=user_name)
    status, body = say(said, appid=appid)

    assert status == 200
    outer = {each.tag: each.text for each in fromstring(body)}
    answer, receive_id = decrypt(outer["Encrypt"], key=key_of(AES_KEY))
    inner = {each.tag: each.text for each in fromstring(answer)}
    assert receive_id == COMPONENT
    assert inner["Content"] == "TESTCOMPONENT_MSG_TYPE_TEXT_callback"
    assert (inner["ToUserName"], inner["FromUserName"]) == (OPENID, user_name)


@pytest.mark.parametrize(("appid", "user_name"), PAIRS + PROGRAMS)
def test_the_code_of_the_check_is_sent_back(
    appid, user_name, gateway, component, say, wechat, redis
):
    """Nothing at once; then the code, with the token it was exchanged for, once."""
    _open(gateway, wechat, appid)
    said = text("QUERY_AUTH_CODE:code-1", to=user_name)
    assert (200, "") == say(said, appid=appid)
    assert (200, "") == say(said, appid=appid, nonce="again")
    assert deliver(gateway) == {"done": 1}

    (sent,) = wechat.calls(release_check.SEND)
    assert sent.arguments == {"access_token": "access-1"}
    assert sent.content == {
        "touser": OPENID,
        "msgtype": "text",
        "text": {"content": "code-1_from_api"},
    }
    for key in redis.scan_iter("gateway:push:*"):
        assert b"code-1" not in redis.dump(key)


def test_a_mini_program_gets_the_text_by_message(gateway, component, say, wechat):
    """It has no passive reply."""
    appid, user_name = PROGRAMS[0]
    _open(gateway, wechat, appid)
    gateway.authorizers.change(
        COMPONENT, appid, lambda _: Authorizer(COMPONENT, appid, "miniprogram", "r")
    )
    renewed = {"authorizer_access_token": "access-9", "expires_in": 7200}
    wechat.script(f"{API}api_authorizer_token", renewed)
    assert (200, "") == say(text(release_check.TEXT, to=user_name), appid=appid)
    assert deliver(gateway) == {"done": 1}
    (sent,) = wechat.calls(release_check.SEND)
    assert sent.content["text"]["content"] == "TESTCOMPONENT_MSG_TYPE_TEXT_callback"


def test_a_message_of_the_check_that_fails_is_sent_again(
    gateway, component, say, wechat, redis
):
    """WeChat is busy during its own check; the code is not exchanged again."""
    appid, user_name = PAIRS[0]
    platform = _open(gateway, wechat, appid)
    wechat.rescript(release_check.SEND, {"errcode": -1000, "errmsg": "system error"})
    assert (200, "") == say(text("QUERY_AUTH_CODE:code-1", to=user_name), appid=appid)
    assert deliver(gateway) == {"failed": 1}
    wechat.rescript(release_check.SEND, {"errcode": 0, "errmsg": "ok"})
    let_pass(redis, 60)
    assert deliver(gateway) == {"done": 1}
    assert platform.times("api_query_auth") == 1


def test_a_code_of_no_use_ends_the_job(gateway, component, say, wechat):
    """Another try would not help."""
    appid, user_name = PAIRS[0]
    _open(gateway, wechat, appid)
    said = text("QUERY_AUTH_CODE:another", to=user_name)
    assert (200, "") == say(said, appid=appid)
    done = deliver(gateway)
    assert done == {"dead": 1}
    assert not wechat.calls(release_check.SEND)


def test_an_event_of_the_check(component, say):
    """It is no longer in WeChat's list, and answered all the same."""
    appid, user_name = PAIRS[0]
    status, body = say(event("LOCATION", to=user_name), appid=appid)
    encrypted = fromstring(body).find("Encrypt").text
    answer, _ = decrypt(encrypted, key=key_of(AES_KEY))
    assert (status, fromstring(answer).find("Content").text) == (
        200,
        "LOCATIONfrom_callback",
    )


@pytest.mark.parametrize(
    "content", ["QUERY_AUTH_CODE:", "QUERY_AUTH_CODE", "TESTCOMPONENT_MSG_TYPE_TEXT "]
)
def test_what_is_no_step_of_the_check(content, authorize, say, component):
    """And the same texts from any other account, are messages like others."""
    appid, user_name = PAIRS[0]
    authorize(appid, user_name=user_name)
    authorize()
    assert SUCCESS == say(text(content, to=user_name), appid=appid)
    assert SUCCESS == say(text(release_check.TEXT))


def test_a_user_name_of_the_check_at_anothers_path(component, say):
    """The pairs belong together."""
    (one, _), (_, other) = PAIRS[:2]
    assert REFUSED == say(text(release_check.TEXT, to=other), appid=one)


def _open(gateway, wechat, appid):
    """Let the platform have a code for this account, and take its messages."""
    gateway.verify_tickets.put(COMPONENT, "ticket@@@1", created=1)
    platform = Platform()
    platform.authorize(appid, "code-1")
    component = gateway.registry.own_app(COMPONENT)
    assert component.secret == SECRET
    assert component.token == TOKEN
    token = {"component_access_token": "C1", "expires_in": 7200}
    wechat.script(f"{API}api_component_token", token)

    def asked(name):
        def answer(exchange):
            from runtime.errors import WeChatRefused

            try:
                return platform.ask(component, name, exchange.content)
            except WeChatRefused as refused:
                return {"errcode": refused.errcode, "errmsg": refused.errmsg}

        return answer

    for name in ("api_query_auth", "api_get_authorizer_info"):
        wechat.script(f"{API}{name}", asked(name))
    wechat.script(release_check.SEND, {"errcode": 0, "errmsg": "ok"})
    return platform
