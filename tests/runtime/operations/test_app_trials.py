"""Trials of `app check` at the sandbox, with the mistakes that are made at WeChat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused
from runtime.operations.verbs import operation, perform
from runtime.settings import settings_from
from runtime.upstream.transport import pooled_transport
from runtime.wechat.api import WeChat
from tests.support.ports import free_port
from tests.support.scripted_wechat import APP_SECRET

HOST = "gateway.example.com"


@pytest.fixture
def gateway(sandbox_environ):
    return Gateway(
        settings_from({**sandbox_environ, "PUBLIC_BASE_URL": f"https://{HOST}"})
    )


@pytest.fixture
def enter(do, sandbox):
    """Enter the sandbox's app of a kind, with fields changed; return its appid."""

    def run(kind, **changes):
        app = sandbox.app(kind)
        fields = {"kind": kind, "secret": app["secret"], **changes}
        do("app add", appid=app["appid"], **fields)
        return app["appid"]

    return run


@pytest.fixture
def tried(do):
    """Return state and sentence of each line, and the names of those at fault."""

    def run(appid):
        answer = do("app check", appid=appid)
        lines = {
            each["what"]: (each["state"], each["says"]) for each in answer["trials"]
        }
        states = {what: state for what, (state, _) in lines.items()}
        wrong = [what for what, state in states.items() if state == "not ok"]
        assert wrong == answer.get("faults", [])
        return states, lines

    return run


def calls(sandbox, path):
    return sandbox.journal(path=path)


def test_an_account_in_order(enter, tried, sandbox):
    """What WeChat tells is ok; what it tells only to users is said to be unknown."""
    states, lines = tried(enter("service"))

    assert {
        "AppSecret": "ok",
        "IP whitelist": "ok",
        "callback domain": "cannot be known",
        "push URL": "cannot be known",
    } == states
    assert HOST in lines["callback domain"][1]
    assert "app update" in lines["push URL"][1]


@pytest.mark.parametrize("mode", ["stable", "plain"])
def test_no_token_in_use_is_touched(enter, tried, do, gateway, sandbox, mode):
    """The one that clients have goes on, and custody fetches no other."""
    appid = enter("service", token_mode=mode)
    do("token refresh", appid=appid)
    app = gateway.registry.app(appid)
    before = gateway.calls.real_token(app).value
    for _ in range(3):
        tried(appid)

    assert before == gateway.calls.real_token(app).value
    told = do("token show", appid=appid, check=True)["tokens"][0]
    assert ("works", 1) == (told["check"], told["fetches_today"])
    # In plain mode a second fetch by /cgi-bin/token would retire it in five minutes.
    assert (mode == "plain") == bool(calls(sandbox, "/cgi-bin/token"))
    sandbox.control("clock", advance=600)
    assert "works" == do("token show", appid=appid, check=True)["tokens"][0]["check"]


def test_no_fetch_is_forced(enter, tried, sandbox, do):
    """WeChat allows 20 of these a day."""
    appid = enter("service")
    tried(appid)
    first = sandbox.token("service")  # of /cgi-bin/token, which is another one
    tried(appid)

    assert 2 == len(calls(sandbox, "/cgi-bin/stable_token"))
    addresses = sandbox.get("/cgi-bin/getcallbackip", {"access_token": first})
    assert "ip_list" in addresses.json()


@pytest.mark.parametrize("kind", ["service", "miniprogram", "website", "component"])
def test_a_wrong_secret(enter, tried, kind):
    """40125, with the command that takes the right one."""
    appid = enter(kind, secret="0" * 32)
    states, lines = tried(appid)

    assert "not ok" == states["AppSecret"]
    assert f"app update {appid} --secret" in lines["AppSecret"][1]
    assert "ok" != states.get("IP whitelist")


@pytest.mark.parametrize("kind", ["service", "miniprogram", "component"])
def test_an_address_that_is_not_listed(enter, tried, sandbox, kind):
    """40164 or 61004, with the address that WeChat has seen."""
    appid = enter(kind)
    sandbox.control("apps", appid=appid, ip_whitelist=["10.1.2.3"])
    states, lines = tried(appid)

    assert ("cannot be known", "not ok") == (
        states["AppSecret"],
        states["IP whitelist"],
    )
    assert "127.0.0.1" in lines["IP whitelist"][1]
    sandbox.control("apps", appid=appid, ip_whitelist=["127.0.0.0/8"])
    assert ("ok", "ok") == (
        tried(appid)[0]["AppSecret"],
        tried(appid)[0]["IP whitelist"],
    )


def test_a_frozen_secret(enter, tried, sandbox):
    """40243: the owner has to do something."""
    appid = enter("service")
    sandbox.control("apps", appid=appid, secret_frozen=True)

    state, says = tried(appid)[1]["AppSecret"]
    assert "not ok" == state
    assert "frozen" in says


def test_an_app_that_wechat_does_not_know(do, tried):
    """40013: the appid itself is wrong."""
    do("app add", appid="wx" + "0" * 16, kind="service", secret=APP_SECRET)

    assert "not ok" == tried("wx" + "0" * 16)[0]["appid"]


class TestCallbackDomain:
    def test_a_website_app_in_order(self, enter, tried, sandbox):
        """WeChat shows its QR code for our host; the code it is tried with is none."""
        appid = enter("website")
        sandbox.control("apps", appid=appid, callback_domain=HOST)

        assert {"AppSecret": "ok", "callback domain": "ok"} == tried(appid)[0]

    def test_what_to_enter(self, enter, do):
        """The host alone; WeChat pushes nothing to a website app."""
        answer = do("app check", appid=enter("website"))

        field = {"field": "callback domain (授权回调域)", "value": HOST}
        assert ("open.weixin.qq.com", [field]) == (answer["console"], answer["enter"])
        assert "seen" not in answer

    def test_another_domain(self, enter, tried, sandbox):
        """WeChat's own words, and what to enter."""
        appid = enter("website")
        sandbox.control("apps", appid=appid, callback_domain="www.example.com")
        states, lines = tried(appid)

        assert {"AppSecret": "ok", "callback domain": "not ok"} == states
        says = lines["callback domain"][1]
        assert f"redirect_uri 参数错误: enter {HOST}" in says

    def test_the_appid_of_an_account(self, sandbox, do, tried):
        """Entered as a website app: WeChat says that it is none."""
        app = sandbox.app("service")
        do("app add", appid=app["appid"], kind="website", secret=app["secret"])

        assert "not ok" == tried(app["appid"])[0]["appid"]

    def test_a_page_that_is_unknown(self, enter, tried, sandbox):
        """WeChat may change it: then nothing is claimed."""
        appid = enter("website")
        fault = {"path": "/connect/qrconnect", "body": "<html>new</html>"}
        sandbox.control("faults", **fault)

        assert "cannot be known" == tried(appid)[0]["callback domain"]

    def test_a_page_that_does_not_come(self, enter, tried, sandbox):
        """The rest is told all the same."""
        appid = enter("website")
        sandbox.control("faults", path="/connect/qrconnect", drop=True)

        assert {"AppSecret": "ok", "callback domain": "cannot be known"} == tried(
            appid
        )[0]


class TestPushes:
    @pytest.fixture
    def appid(self, enter):
        return enter("service", token="pushtoken", encoding_aes_key="K" * 43)

    def test_nothing_came(self, appid, tried):
        """It cannot be known."""
        assert "cannot be known" == tried(appid)[0]["push URL"]

    def test_what_was_refused(self, appid, tried, gateway):
        """The reason, in words."""
        gateway.last_seen.note(appid, "check", "signature")

        state, says = tried(appid)[1]["push URL"]
        assert "not ok" == state
        assert "token" in says.lower()

    def test_what_was_accepted(self, appid, tried, gateway):
        """What a stranger sends later changes nothing."""
        gateway.last_seen.note(appid, "check", "accepted")
        gateway.last_seen.note(appid, "refused", "signature")

        assert "ok" == tried(appid)[0]["push URL"]


def test_wechat_that_is_busy(enter, tried, sandbox):
    """It cannot be known, and that is no fault of the setting."""
    appid = enter("service")
    sandbox.control("faults", path="/cgi-bin/stable_token", times=1, errcode=-1)
    states, _ = tried(appid)

    assert {"cannot be known"} == set(states.values())


def test_wechat_that_cannot_be_reached(do, tried, gateway, enter):
    """One line says so, and that is a fault."""
    appid = enter("service")
    gateway.wechat = WeChat(
        f"http://127.0.0.1:{free_port()}", pooled_transport(), seconds=2.0
    )
    states, _ = tried(appid)

    assert "not ok" == states["WeChat's API"]
    assert "AppSecret" not in states


def test_a_poll_tries_nothing(do, enter, sandbox):
    """Only the first call does."""
    appid = enter("service")
    now = do("app check", appid=appid)["now"]
    answer = do("app check", appid=appid, since=now)

    assert "trials" not in answer
    assert 1 == len(calls(sandbox, "/cgi-bin/stable_token"))


def test_no_secret_in_the_answer(enter, do, sandbox):
    """Neither the AppSecret nor the token that the trial has brought."""
    for kind in ("service", "website", "miniprogram", "component"):
        appid = enter(kind)
        answer = str(do("app check", appid=appid))
        assert sandbox.app(kind)["secret"] not in answer
        assert "access_token" not in answer


def test_an_authorised_account_is_its_components(do):
    """Nothing of it is entered anywhere."""
    do("app add", appid="wx00000000000000a1", kind="authorized")
    with pytest.raises(OperationRefused) as refusal:
        do("app check", appid="wx00000000000000a1")

    assert "component status" in refusal.value.message


def test_secrets_that_no_key_opens(enter, gateway, sandbox, redis_server):
    """WeChat is not asked; the lines say what mends it, and show nothing sealed."""
    appid = enter("service", token="pushtoken", encoding_aes_key="K" * 43)
    redis_server.empty()
    other = Gateway(replace(gateway.settings, master_keys={7: b"x" * 32}))
    run = operation("app", "check").run
    answer = perform(run, other, {"appid": appid, "secrets": True})

    assert ["AppSecret"] == answer["faults"]
    (line,) = answer["trials"]
    assert f"app update {appid} --secret" in line["says"]
    values = {each["field"]: each["value"] for each in answer["enter"]}
    assert (
        f"no master key opens it: app update {appid} --push" == values["Token (令牌)"]
    )
    assert "1:" not in str(values)
    assert [] == calls(sandbox, "/cgi-bin/stable_token")
