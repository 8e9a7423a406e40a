"""Commands on tokens: the state of each credential, and what is fetched."""

from __future__ import annotations

import json

import pytest

from runtime.custody.upkeep import Outcome
from runtime.errors import ServiceUnavailable, WeChatRefused
from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.registry.schema import InvalidDocument
from runtime.settings import settings_from
from runtime.upstream.answer import Answer
from tests.support.gateway_environ import make_environ
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE

STABLE, TICKET = "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket"


@pytest.fixture(autouse=True)
def _apps(do, wechat):
    do("app add", appid=SERVICE, kind="service", secret=APP_SECRET)
    do("app add", appid=WEBSITE, kind="website", secret=APP_SECRET)
    wechat.script(STABLE, {"access_token": "75_real", "expires_in": 7200})
    ticket = {"errcode": 0, "errmsg": "ok", "ticket": "K_real", "expires_in": 7200}
    wechat.script(TICKET, ticket)


def test_before_anybody_asked(do):
    """A website app has none; of the other the access_token, which does not live."""
    (told,) = do("token show")["tokens"]

    assert (f"access_token:{SERVICE}", 0, 0, None) == (
        told["name"],
        told["remaining"],
        told["fence"],
        told["age"],
    )


def test_a_refresh_fetches_what_is_due(do):
    """A fresh credential is not fetched."""
    name = f"access_token:{SERVICE}"
    fetched = do("token refresh", appid=SERVICE)
    again = do("token refresh", appid=SERVICE)
    (told,) = do("token show", appid=SERVICE)["tokens"]

    assert {"tokens": [{"name": name, "outcome": "fetched"}]} == fetched
    assert {"tokens": [{"name": name, "outcome": "fresh"}]} == again
    assert (1, 1, True) == (
        told["fetches_today"],
        told["fence"],
        7000 < told["remaining"] < 7200,
    )


def test_a_ticket_in_use_is_told_and_kept_up(do, gateway):
    """The answer has no value."""
    gateway.calls.ticket(gateway.registry.app(SERVICE), "jsapi")
    told = do("token show")
    done = do("token refresh", appid=SERVICE)

    names = [f"access_token:{SERVICE}", f"jsapi_ticket:{SERVICE}"]
    assert names == [each["name"] for each in told["tokens"]]
    assert ["fresh", "fresh"] == [each["outcome"] for each in done["tokens"]]
    assert not any(value in f"{told}{done}" for value in ("75_real", "K_real"))


def test_wechats_refusal_is_told(do, wechat, gateway):
    """`token refresh` shows it at once, and `token show` later."""
    refused = {"errcode": 40125, "errmsg": "invalid appsecret rid: 1"}
    wechat.script(STABLE, refused, refused)
    do("token refresh", appid=SERVICE)  # the fixture's answer comes first
    token = gateway.calls.real_token(gateway.registry.app(SERVICE)).value
    source = gateway.calls.real_token_source(gateway.registry.app(SERVICE))
    gateway.custody.reject(source, token)
    with pytest.raises(WeChatRefused) as caught:
        do("token refresh", appid=SERVICE)
    (told,) = do("token show")["tokens"]

    assert 40125 == caught.value.errcode == told["errcode"]
    assert "invalid appsecret" == told["errmsg"]


def test_a_refresh_ends_a_pause(do, wechat, gateway):
    """The operator has mended its cause, and need not wait."""
    wechat.script(
        STABLE,
        {"errcode": 40125, "errmsg": "invalid appsecret"},
        {"access_token": "75_new", "expires_in": 7200},
    )
    do("token refresh", appid=SERVICE)  # the fixture's answer comes first
    source = gateway.calls.real_token_source(gateway.registry.app(SERVICE))
    gateway.custody.reject(source, gateway.custody.get(source).value)
    with pytest.raises(WeChatRefused):
        gateway.upkeep.refresh(source)
    assert Outcome.PAUSED is gateway.upkeep.refresh(source)
    done = do("token refresh", appid=SERVICE)

    assert "fetched" == done["tokens"][0]["outcome"]


def test_an_app_without_one(do):
    """A website app, and an app that is not there."""
    for verb in ("show", "refresh"):
        with pytest.raises(OperationRefused) as caught:
            do(f"token {verb}", appid=WEBSITE)
        assert "A website app has no access_token of its own." == caught.value.message
        with pytest.raises(UnknownDocument):
            do(f"token {verb}", appid="wx0000000000000000")


def test_without_redis_it_is_said(do, tmp_path, wechat):
    """Documents can be looked at all the same."""
    environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
    cut_off = Gateway(settings_from(environ), transport=wechat)

    assert 2 == len(do("app list", on=cut_off)["apps"])
    assert (
        2 == do("app update", on=cut_off, appid=SERVICE, subject="unionid")["version"]
    )
    for verb in ("show", "refresh"):
        with pytest.raises(ServiceUnavailable) as caught:
            do(f"token {verb}", on=cut_off, appid=SERVICE)
        said = "Redis or the store of documents is away."
        assert said == caught.value.message
    assert [] == wechat.calls(STABLE)


def force_flags(wechat):
    """Return force_refresh of each fetch of the access_token."""
    return [json.loads(each.body)["force_refresh"] for each in wechat.calls(STABLE)]


def stored(gateway):
    app = gateway.registry.app(SERVICE)
    return gateway.custody.get(gateway.calls.real_token_source(app)).value


class TestForce:
    def test_a_token_that_is_not_due_is_replaced(self, do, wechat, gateway):
        """WeChat gives the same one first, so that force_refresh is needed."""
        same = {"access_token": "75_real", "expires_in": 7200}
        wechat.script(STABLE, same, {"access_token": "75_new", "expires_in": 7200})
        do("token refresh", appid=SERVICE)
        done = do("token refresh", appid=SERVICE, force=True)
        (told,) = do("token show", appid=SERVICE)["tokens"]

        assert "fetched" == done["tokens"][0]["outcome"]
        assert ([False, False, True], "75_new") == (
            force_flags(wechat),
            stored(gateway),
        )
        assert 1 == told["forced_today"]

    def test_the_limits_of_wechat_hold(self, do, wechat, gateway):
        """Two within 30 s: the second is not forced, and it is said."""
        do("token refresh", appid=SERVICE)
        outcomes = [
            do("token refresh", appid=SERVICE, force=True)["tokens"][0]["outcome"]
            for _ in range(2)
        ]

        assert ["unchanged", "unchanged"] == outcomes
        assert [False, False, True, False] == force_flags(wechat)
        assert "75_real" == stored(gateway)

    def test_a_token_of_plain_mode(self, do, wechat, gateway):
        """Each fetch gives another one."""
        do("app update", appid=SERVICE, token_mode="plain")
        first = {"access_token": "1", "expires_in": 7200}
        second = {"access_token": "2", "expires_in": 7200}
        wechat.script("/cgi-bin/token", first, second)
        do("token refresh", appid=SERVICE)
        done = do("token refresh", appid=SERVICE, force=True)

        assert ("fetched", "2") == (done["tokens"][0]["outcome"], stored(gateway))

    def test_tickets_are_replaced_too(self, do, wechat, gateway):
        """Those in use; one that WeChat gives again is said to be unchanged."""
        app = gateway.registry.app(SERVICE)
        for kind in ("jsapi", "wx_card"):
            gateway.calls.ticket(app, kind)
        fresh = {"errcode": 0, "ticket": "K_new", "expires_in": 7200}
        wechat.rescript(TICKET, fresh)
        done = do("token refresh", appid=SERVICE, force=True, only="jsapi_ticket")
        again = do("token refresh", appid=SERVICE, force=True, only="jsapi_ticket")

        name = f"jsapi_ticket:{SERVICE}"
        assert {"tokens": [{"name": name, "outcome": "fetched"}]} == done
        assert {"tokens": [{"name": name, "outcome": "unchanged"}]} == again
        assert "K_new" == gateway.calls.ticket(app, "jsapi").value
        assert "K_real" == gateway.calls.ticket(app, "wx_card").value
        assert [False] == force_flags(wechat)

    def test_the_old_value_is_handed_out_meanwhile(self, do, wechat, gateway):
        """Nobody waits for the replacement."""
        do("token refresh", appid=SERVICE)
        seen = []

        def answer(exchange):
            seen.append(stored(gateway))
            return {"access_token": "75_new", "expires_in": 7200}

        wechat.rescript(STABLE, answer)
        assert (
            "fetched"
            == do("token refresh", appid=SERVICE, force=True)["tokens"][0]["outcome"]
        )
        assert (["75_real"], "75_new") == (seen, stored(gateway))

    def test_another_process_that_fetches_is_not_disturbed(self, do, wechat, gateway):
        """It holds the lease."""
        do("token refresh", appid=SERVICE)
        told = []

        def answer(exchange):
            if not told:
                told.append("")
                told.append(do("token refresh", appid=SERVICE, force=True))
            return {"access_token": "75_new", "expires_in": 7200}

        wechat.rescript(STABLE, answer)
        do("token refresh", appid=SERVICE, force=True)

        assert "busy" == told[1]["tokens"][0]["outcome"]

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"only": "jsapi_ticket"}, OperationRefused),
            ({"only": "sdk_ticket"}, InvalidDocument),
            ({"force": "yes"}, InvalidDocument),
        ],
    )
    def test_what_is_refused(self, do, fields, error):
        """A ticket that nobody uses, and words that are none."""
        with pytest.raises(error):
            do("token refresh", appid=SERVICE, **fields)


CALLBACK_IP = "/cgi-bin/getcallbackip"
ADDRESSES = {"ip_list": ["101.226.103.0/25"]}


class TestCheck:
    def test_a_token_that_wechat_takes(self, do, wechat):
        """Asked with the stored value, which no answer shows; nothing is fetched."""
        do("token refresh", appid=SERVICE)
        wechat.script(CALLBACK_IP, ADDRESSES)
        told = do("token show", check=True)

        assert ["works"] == [each["check"] for each in told["tokens"]]
        assert "faults" not in told
        (asked,) = wechat.calls(CALLBACK_IP)
        assert "75_real" == asked.arguments["access_token"]
        assert "75_real" not in str(told)
        assert 1 == len(wechat.calls(STABLE))

    @pytest.mark.parametrize("errcode", [40001, 40014, 42001, 61003])
    def test_a_token_that_wechat_refuses(self, do, wechat, gateway, errcode):
        """It is dead, and stays: only an operator or a client replaces it."""
        do("token refresh", appid=SERVICE)
        wechat.script(CALLBACK_IP, {"errcode": errcode, "errmsg": "invalid"})
        told = do("token show", appid=SERVICE, check=True)

        assert "dead" == told["tokens"][0]["check"]
        assert [
            {
                "of": f"access_token:{SERVICE}",
                "what": f"WeChat refuses it with {errcode}.",
                "mend": f"manage.py token refresh {SERVICE} --force",
            }
        ] == told["faults"]
        assert "75_real" == stored(gateway)

    @pytest.mark.parametrize("errcode", [45009, 48001])
    def test_a_refusal_that_is_not_about_the_token(self, do, wechat, errcode):
        """WeChat knows the token."""
        do("token refresh", appid=SERVICE)
        wechat.script(CALLBACK_IP, {"errcode": errcode, "errmsg": "limited"})

        assert "works" == do("token show", check=True)["tokens"][0]["check"]

    @pytest.mark.parametrize(
        "answer", [{"errcode": -1, "errmsg": "system error"}, b"<html>"]
    )
    def test_wechat_that_does_not_tell(self, do, wechat, answer):
        """That is no token that works."""
        do("token refresh", appid=SERVICE)
        made = Answer(200, (), answer) if isinstance(answer, bytes) else answer
        wechat.script(CALLBACK_IP, made)
        told = do("token show", check=True)

        assert "not known" == told["tokens"][0]["check"]
        assert "does not tell" in told["faults"][0]["what"]

    def test_where_there_is_none(self, do, wechat):
        """A fault with the command that fetches one; WeChat is not asked."""
        told = do("token show", check=True)

        assert "none" == told["tokens"][0]["check"]
        assert f"manage.py token refresh {SERVICE}" == told["faults"][0]["mend"]
        assert [] == wechat.seen

    def test_a_ticket_is_not_tried(self, do, wechat, gateway):
        """Only a browser inside WeChat can."""
        gateway.calls.ticket(gateway.registry.app(SERVICE), "jsapi")
        wechat.script(CALLBACK_IP, ADDRESSES)
        told = do("token show", check=True)

        assert ["works", "no call tells"] == [each["check"] for each in told["tokens"]]
        assert "faults" not in told

    def test_without_asking_a_failed_fetch_is_a_fault(self, do, wechat):
        """Where nothing lives any more; before anybody asks there is none."""
        assert "faults" not in do("token show")
        said = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist"
        wechat.rescript(STABLE, {"errcode": 40164, "errmsg": said})
        with pytest.raises(WeChatRefused):
            do("token refresh", appid=SERVICE)
        (fault,) = do("token show")["faults"]

        assert "203.0.113.9" in fault["what"]
        assert f"manage.py token refresh {SERVICE}" == fault["mend"]
