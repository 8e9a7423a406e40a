"""Commands on components: what to enter, what is missing, and who has authorised."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from runtime.errors import GatewayError, WeChatRefused
from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.registry.authorizers import UNAUTHORIZED, Authorizer
from runtime.wechat.authorizations import AuthorizationCode
from tests.support.component_pushes import ACCOUNT, COMPONENT, SECRET
from tests.support.open_platform import Platform
from tests.support.scripted_wechat import SERVICE

API = "/cgi-bin/component/"
OTHER = "wx" + "e" * 16
BASE = f"https://gateway.example.com/wechat_event/{COMPONENT}"


@pytest.fixture
def component(do, gateway, wechat):
    """A component that has had a ticket, at a platform that answers."""
    do("component add", appid=COMPONENT, secret=SECRET)
    gateway.verify_tickets.put(COMPONENT, "ticket@@@1", created=1)
    platform = Platform()
    script(platform, gateway, wechat)
    return platform


def script(platform, gateway, wechat):
    """Let WeChat answer this gateway's component as the platform does."""
    token = {"component_access_token": "C1", "expires_in": 7200}
    wechat.script(f"{API}api_component_token", token)

    def asked(name):
        def answer(exchange):
            app = gateway.registry.own_app(COMPONENT)
            try:
                return platform.ask(app, name, exchange.content)
            except WeChatRefused as refused:
                return {"errcode": refused.errcode, "errmsg": refused.errmsg}

        return answer

    for name in ("api_get_authorizer_list", "api_get_authorizer_info"):
        wechat.script(f"{API}{name}", asked(name))


def entered(answer):
    return {row["field"]: row["value"] for row in answer["enter"]}


def test_add_prints_what_to_enter(do, gateway):
    """In the console's own words; WeChat's signature is made with the same values."""
    answer = do("component add", appid=COMPONENT, secret=SECRET)
    values = entered(answer)
    app = gateway.registry.own_app(COMPONENT)

    assert values["授权事件接收 URL"] == f"{BASE}/ticket"
    assert values["消息与事件接收 URL"] == f"{BASE}/$APPID$"
    assert values["消息校验 Token"] == app.token
    assert values["消息加解密 Key"] == app.encoding_aes_key
    assert values["登录授权的发起页域名"] == "gateway.example.com"
    assert (len(app.token), len(app.encoding_aes_key)) == (32, 43)
    assert app.takes_component_events
    assert SECRET not in str(answer)


def test_add_takes_values_that_the_console_has_already(do, gateway):
    """A component that moves here need not be changed there."""
    own = {"token": "consoleToken", "encoding_aes_key": "E" * 43}
    answer = do("component add", appid=COMPONENT, secret=SECRET, **own)
    assert entered(answer)["消息校验 Token"] == "consoleToken"
    assert gateway.registry.own_app(COMPONENT).encoding_aes_key == "E" * 43


@pytest.mark.parametrize(
    "wrong",
    [
        {"appid": "x", "secret": SECRET},
        {"appid": COMPONENT},
        {"appid": COMPONENT, "secret": "short"},
        {"appid": COMPONENT, "secret": SECRET, "kind": "service"},
        {"appid": COMPONENT, "secret": SECRET, "token": "!"},
    ],
)
def test_add_refuses(do, gateway, wrong):
    """Nothing is written."""
    with pytest.raises(GatewayError):
        do("component add", **wrong)
    assert gateway.documents.ids("apps") == []


def test_add_replaces_nothing(do):
    """A second one would change the secrets that WeChat knows."""
    do("component add", appid=COMPONENT, secret=SECRET)
    with pytest.raises(OperationRefused):
        do("component add", appid=COMPONENT, secret=SECRET)


def test_status_of_a_new_component(do):
    """It says that no ticket has come, and what to do."""
    do("component add", appid=COMPONENT, secret=SECRET)
    answer = do("component status", appid=COMPONENT)

    assert (answer["ticket"], answer["ticket_age"]) == ("missing", None)
    assert f"component start-push {COMPONENT}" in answer["advice"][0]
    assert entered(answer)["授权事件接收 URL"] == f"{BASE}/ticket"
    assert "--secrets" in entered(answer)["消息校验 Token"]


def test_status_of_one_that_works(do, gateway, component):
    """With the age of its ticket and the life of its token, and no advice."""
    gateway.component_tokens.component_token(gateway.registry.own_app(COMPONENT))
    gateway.authorizers.change(
        COMPONENT, ACCOUNT, lambda _: Authorizer(COMPONENT, ACCOUNT, "service", "r")
    )
    answer = do("component status", appid=COMPONENT)

    assert answer["ticket"] == "ok"
    assert 0 <= answer["ticket_age"] < 60
    assert 7100 < answer["token_remaining"] <= 7200
    assert (answer["authorizers"], answer["unfinished"]) == (1, 0)
    assert "advice" not in answer
    (row,) = do("component status")["components"]
    assert (row["component"], row["ticket"]) == (COMPONENT, "ok")


def test_status_of_an_old_ticket(do, component, redis_server):
    """WeChat has stopped."""
    with redis_server.client() as redis:
        key = f"gateway:verify_ticket:{{{COMPONENT}}}"
        redis.hincrby(key, "received", -1_900_000)
    answer = do("component status", appid=COMPONENT)
    assert answer["ticket"] == "old"
    assert f"component start-push {COMPONENT}" in answer["advice"][0]


def test_status_tells_the_address_that_wechat_does_not_know(
    do, gateway, component, wechat
):
    """It is the first thing that fails."""
    refused = {"errcode": 61004, "errmsg": "access clientip requestIP: 192.0.2.7"}
    wechat.rescript(f"{API}api_component_token", refused)
    app = gateway.registry.own_app(COMPONENT)
    with pytest.raises(WeChatRefused):
        gateway.component_tokens.component_token(app)
    answer = do("component status", appid=COMPONENT)
    assert answer["token_error"] == 61004
    assert any("192.0.2.7" in each for each in answer["advice"])


def test_status_of_what_is_unfinished(do, gateway, component, wechat):
    """An authorisation that waits for WeChat."""
    wechat.script(f"{API}api_query_auth", {"errcode": 45009, "errmsg": "quota"})
    app = gateway.registry.own_app(COMPONENT)
    came = AuthorizationCode("code-1", 1, ACCOUNT)
    with pytest.raises(WeChatRefused):
        gateway.authorizations.take(app, came, way="event")
    answer = do("component status", appid=COMPONENT)
    assert answer["unfinished"] == 1
    assert any("Unfinished" in each for each in answer["advice"])


def test_status_without_push_secrets(do, gateway):
    """Such a component was added by app add."""
    content = {"kind": "component", "secret": SECRET}
    gateway.documents.write("apps", COMPONENT, content, after=0)
    answer = do("component status", appid=COMPONENT)
    assert answer["ticket"] == "not set up"
    assert f"app update {COMPONENT} --push" in answer["advice"][0]


@pytest.mark.parametrize(
    ("errmsg", "outcome"),
    [("ok", "started"), ("in a normal state", "was running")],
)
def test_start_push(do, component, wechat, errmsg, outcome):
    """WeChat says whether it had stopped."""
    wechat.script(f"{API}api_start_push_ticket", {"errcode": 0, "errmsg": errmsg})
    assert do("component start-push", appid=COMPONENT)["outcome"] == outcome


def test_authorizers_are_listed(do, gateway, component):
    """Those of this component, also who has withdrawn; no token."""
    for owner, appid, fields in (
        (COMPONENT, ACCOUNT, {"user_name": "gh_1", "permission_sets": (1, 15)}),
        (COMPONENT, OTHER, {"state": UNAUTHORIZED, "unauthorized_at": 86400}),
        (SERVICE, ACCOUNT, {}),
    ):
        made = Authorizer(owner, appid, "service", "refresh-secret", **fields)
        gateway.authorizers.change(owner, appid, lambda _, made=made: made)
    answer = do("component authorizers", appid=COMPONENT)

    assert answer["number"] == 2
    first, second = answer["authorizers"]
    assert (first["appid"], first["state"]) == (ACCOUNT, "authorized")
    assert first["permission_sets"] == [1, 15]
    assert (second["appid"], second["state"]) == (OTHER, "unauthorized")
    assert second["since"] == "1970-01-02T00:00:00+00:00"
    assert "refresh-secret" not in str(answer)
    short = do("component authorizers", appid=COMPONENT, limit=1)
    assert (len(short["authorizers"]), short["not_shown"]) == (1, 1)


def test_pull_fills_gaps(do, gateway, component, caplog):
    """And says what cannot be filled, and how its owner mends it."""
    caplog.set_level(logging.DEBUG)
    for number, appid in enumerate((ACCOUNT, OTHER)):
        component.authorize(appid, f"code-{number}")
    component.standing[ACCOUNT]["exchanged"] = True
    answer = do("component pull", appid=COMPONENT)

    assert (answer["listed"], answer["filled"]) == (2, [ACCOUNT])
    assert answer["not_exchanged"] == [OTHER]
    assert "permission sets" in answer["advice"][0]
    assert gateway.registry.authorizer(COMPONENT, ACCOUNT).stands
    assert do("component pull", appid=COMPONENT)["unchanged"] == 1
    assert "refresh-code" not in str(answer) + caplog.text


def test_pull_restores_what_no_master_key_opens(do, gateway, component, wechat):
    """WeChat tells the refresh tokens, once the component has its own secrets again."""
    component.authorize(ACCOUNT, "code-0")
    component.standing[ACCOUNT]["exchanged"] = True
    do("component pull", appid=COMPONENT)
    token = gateway.registry.authorizer(COMPONENT, ACCOUNT).refresh_token
    keys = replace(gateway.settings, master_keys={2: b"n" * 32})
    lost = Gateway(keys, transport=wechat)
    script(component, lost, wechat)
    push = {"token": "newToken", "encoding_aes_key": "N" * 43}
    do("app update", on=lost, appid=COMPONENT, secret=SECRET, **push)
    lost.verify_tickets.put(COMPONENT, "ticket@@@2", created=2)
    done = do("component pull", on=lost, appid=COMPONENT)

    assert ([ACCOUNT], []) == (done["filled"], done["failed"])
    assert token == lost.registry.authorizer(COMPONENT, ACCOUNT).refresh_token
    assert [] == do("store check", on=lost)["faults"]


@pytest.mark.parametrize("verb", ["status", "start-push", "authorizers", "pull"])
def test_another_app_is_no_component(do, gateway, verb):
    """The command says so."""
    content = {"kind": "service", "secret": SECRET}
    gateway.documents.write("apps", SERVICE, content, after=0)
    with pytest.raises(OperationRefused, match="no component"):
        do(f"component {verb}", appid=SERVICE)
    with pytest.raises(UnknownDocument, match=f"component add {OTHER}"):
        do(f"component {verb}", appid=OTHER)
