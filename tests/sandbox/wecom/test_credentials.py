"""gettoken with its same-token rule, ban and limits; trusted addresses; tickets."""

import base64
import hashlib
import re

import pytest

from tests.support.sandbox_client import Sandbox

SUFFIX = (
    r", hint: \[\d{10}_28_[0-9a-f]{32}\], from ip: 127\.0\.0\.1, more info at "
    r"https://open\.work\.weixin\.qq\.com/devtool/query\?e=(\d+)"
)


def test_the_seeded_apps(corp_apps):
    """Two corps with equal names of apps; a contacts secret has no agentid."""
    shown = [(one.agentid, one.appid.partition("-")[2]) for one in corp_apps]
    first, second = {one.corpid for one in corp_apps}

    assert shown == [("1000002", "1000002"), ("", "contacts")] * 2
    assert re.fullmatch("ww[0-9a-f]{16}", first)
    assert first != second


def test_the_keys_have_unused_bits(corp_apps):
    """As WeCom's console makes them; a strict decoder of base64 refuses those."""
    keys = [one.app["encoding_aes_key"] for one in corp_apps]
    whole = [
        base64.b64encode(base64.b64decode(f"{key}=")).decode()[:43] for key in keys
    ]

    assert [len(key) for key in keys] == [43] * 4
    assert not any(key == made for key, made in zip(keys, whole, strict=True))


def test_two_corps_share_a_userid_and_somebody_is_in_none(sandbox, corp_apps):
    """The same userid in both is two people; the last user is no member."""
    users = sandbox.get("/_sandbox/users").json()
    first, second = corp_apps[0].corpid, corp_apps[2].corpid
    same = [user for user in users if "ZhangSan" in user["userid"].values()]

    assert [list(user["userid"]) for user in same] == [[first], [second]]
    assert same[0]["unionid"] != same[1]["unionid"]
    assert users[-1]["userid"] == {}


def test_the_same_token_comes_while_it_lives(sandbox, own):
    """7200 each time, unless the switch tells what is left; then a new one."""
    answer = own.gettoken()
    sandbox.control("clock", advance=3000)

    assert answer["errcode"] == 0
    assert answer["errmsg"] == "ok"
    assert answer["expires_in"] == 7200
    assert own.gettoken() == answer

    sandbox.control("wecom", tell_remaining_life=True)
    assert 4190 < own.gettoken()["expires_in"] <= 4200

    sandbox.control("clock", advance=4201)
    assert own.gettoken()["access_token"] != answer["access_token"]


def test_a_switch_gives_a_new_token_each_time(sandbox, own):
    """The previous one lives as long as the other switch says."""
    sandbox.control("wecom", new_token_each_time=True, previous_token_seconds=60)
    first, second = own.gettoken()["access_token"], own.gettoken()["access_token"]

    assert first != second
    assert own.get("getcallbackip", access_token=first)["errcode"] == 0
    sandbox.control("clock", advance=61)
    assert own.get("getcallbackip", access_token=first)["errcode"] == 42001
    assert own.get("getcallbackip", access_token=second)["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"corpid": ""}, 41002),
        ({"corpsecret": ""}, 41004),
        ({"corpid": "ww0000000000000000"}, 40013),
        ({"corpsecret": "x"}, 40001),
    ],
)
def test_errors_have_hint_address_and_link(own, changes, errcode):
    """Also in gettoken, with WeCom's own meaning of 40001."""
    answer = own.gettoken(**changes)

    assert answer["errcode"] == errcode
    assert re.search(SUFFIX, answer["errmsg"])[1] == str(errcode)


def test_a_secret_of_another_corp_and_a_disabled_app(own, other):
    assert own.gettoken(corpsecret=other.app["secret"])["errcode"] == 40091
    own.change(disabled=True)
    assert own.gettoken()["errcode"] == 50003


def test_wrong_secrets_ban_the_address_for_an_hour(sandbox, own, other):
    """Then nobody behind the address gets anything, with whatever secret."""
    token = other.gettoken()["access_token"]
    sandbox.control("wecom", wrong_secrets=3)
    seen = [own.gettoken(corpsecret="x")["errcode"] for _ in range(4)]

    assert seen == [40001, 40001, 40001, 45009]
    assert other.gettoken()["errcode"] == 45009
    assert other.get("getcallbackip", access_token=token)["errcode"] == 45009
    assert list(sandbox.get("/_sandbox/wecom").json()["banned"]) == ["127.0.0.1"]
    sandbox.control("clock", advance=3601)
    assert other.gettoken()["errcode"] == 0


def test_the_trusted_addresses_count_at_business_calls_only(own):
    """gettoken works from anywhere; the first other call says what to enter."""
    own.change(ip_whitelist=["9.30.0.138"])
    answer = own.get("get_api_domain_ip")

    assert own.gettoken()["errcode"] == 0
    assert answer["errcode"] == 60020
    assert "not allow to access from your ip" in answer["errmsg"]
    assert "from ip: 127.0.0.1" in answer["errmsg"]
    assert answer["ip_list"] == []

    own.change(ip_whitelist=["9.30.0.138", "127.0.0.1"])
    assert own.get("get_api_domain_ip")["ip_list"]


def test_the_list_takes_single_addresses_only(sandbox, own):
    fields = {"appid": own.appid, "ip_whitelist": ["10.0.0.0/8"]}

    assert sandbox.post("/_sandbox/apps", fields).status == 400


def test_tokens_that_are_no_longer_or_never_were(sandbox, own):
    """Unknown and dropped ones are 40014; ended ones 42001, or 40014 by the switch."""
    token = own.gettoken()["access_token"]

    def ask(value):
        return own.get("getcallbackip", access_token=value)["errcode"]

    assert ask("") == 41001
    assert ask("x") == 40014
    sandbox.control("expire", appid=own.appid)
    assert ask(token) == 40014

    token = own.gettoken()["access_token"]
    sandbox.control("clock", advance=7201)
    assert ask(token) == 42001
    sandbox.control("wecom", expired_errcode=40014)
    assert ask(token) == 40014


def test_an_app_is_dropped_alone(sandbox, own, contacts):
    """Other secrets of the corp keep theirs."""
    token = contacts.gettoken()["access_token"]
    sandbox.control("expire", appid=own.appid)

    assert contacts.get("department/list", access_token=token)["errcode"] == 0


def test_too_many_calls_block_for_a_minute(sandbox, own, other):
    """Per corp and API."""
    sandbox.control("wecom", calls_a_minute=2)
    token = own.gettoken()["access_token"]
    seen = [own.get("getcallbackip", access_token=token)["errcode"] for _ in range(3)]

    assert seen == [0, 0, 45009]
    assert own.get("get_api_domain_ip", access_token=token)["errcode"] == 0
    assert other.get("getcallbackip")["errcode"] == 0
    sandbox.control("clock", advance=61)
    assert own.get("getcallbackip", access_token=token)["errcode"] == 0


def test_the_two_tickets(own, contacts):
    """The corp's ticket is every app's; the other is the app's own."""
    corp = own.get("get_jsapi_ticket")
    agent = own.get("ticket/get", type="agent_config")

    assert corp["expires_in"] == agent["expires_in"] == 7200
    assert own.get("get_jsapi_ticket")["ticket"] == corp["ticket"]
    assert contacts.get("get_jsapi_ticket")["ticket"] == corp["ticket"]
    assert corp["ticket"] != agent["ticket"]
    assert own.get("ticket/get", type="jsapi")["errcode"] == 40058
    assert contacts.get("ticket/get", type="agent_config")["errcode"] == 48002


def test_tickets_are_limited(own):
    seen = {own.get("get_jsapi_ticket")["errcode"] for _ in range(100)}

    assert seen == {0}
    assert own.get("get_jsapi_ticket")["errcode"] == 45009


@pytest.mark.parametrize(
    ("path", "errcode"),
    [("nothing", 40094), ("message/send", 40058), ("token", 40094)],
)
def test_paths_that_are_not_there_and_a_get_of_a_post(own, path, errcode):
    assert own.get(path)["errcode"] == errcode


def test_a_base_url_with_a_slash(sandbox, own):
    """SDKs join a base that ends in a slash to a path that begins with one."""
    query = {"corpid": own.corpid, "corpsecret": own.app["secret"]}

    assert sandbox.get("/qyapi//cgi-bin/gettoken", query).json()["errcode"] == 0


def test_the_journal_masks_secrets_and_knows_the_app(sandbox, own):
    own.get("getcallbackip")
    fetched, called = sandbox.journal()[-2:]

    assert fetched["path"] == "/qyapi/cgi-bin/gettoken"
    assert fetched["query"] == {"corpid": own.corpid, "corpsecret": "***"}
    assert called["query"] == {"access_token": "***"}
    assert [fetched["appid"], called["appid"]] == [own.appid] * 2
    assert fetched["token_id"] == called["token_id"] is not None
    assert [fetched["errcode"], called["errcode"]] == [0, 0]


def test_faults_of_qyapi(sandbox: Sandbox, own):
    """An errcode comes in WeCom's form."""
    path = "/qyapi/cgi-bin/gettoken"
    sandbox.control("faults", path=path, errcode=-1)
    answer = own.gettoken()

    assert answer["errcode"] == -1
    assert answer["errmsg"].startswith("system busy, hint: [")
    assert own.gettoken()["errcode"] == 0


@pytest.mark.parametrize(
    "changes", [{"wrong": 1}, {"wrong_secrets": "1"}, {"wrong_secrets": True}]
)
def test_a_switch_that_is_none_is_refused(sandbox, changes):
    assert sandbox.post("/_sandbox/wecom", changes).status == 400


def test_a_reset_restores_corps_and_switches(sandbox, own):
    before = sandbox.get("/_sandbox/wecom").json()
    sandbox.control("wecom", wrong_secrets=1)
    own.change(callback_domain="a.example.com")
    token = own.gettoken()["access_token"]
    sandbox.control("reset")

    assert sandbox.get("/_sandbox/wecom").json() == before
    assert own.get("getcallbackip", access_token=token)["errcode"] == 40014


def test_apps_are_added(sandbox, own):
    """By the next agentid, by a named one, or as one of the secrets without."""
    added = sandbox.control("apps", kind="wecom", corpid=own.corpid)
    desk = sandbox.control("apps", kind="wecom", appid=f"{own.corpid}-kf")

    assert added["appid"] == f"{own.corpid}-1000003"
    assert desk["agentid"] == ""
    for wrong in ({"corpid": "ww1"}, {"appid": f"{own.corpid}-other"}, {"secret": 1}):
        reply = sandbox.post("/_sandbox/apps", {"kind": "wecom", **wrong})
        assert reply.status == 400


def test_the_signature_of_a_page(sandbox, own):
    """wx.config wants the corp's ticket, wx.agentConfig the app's."""
    ticket = own.get("ticket/get", type="agent_config")["ticket"]
    url = "http://127.0.0.1:8090/page"
    text = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={url}"
    signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    signed = {"url": url, "noncestr": "n", "timestamp": "1", "signature": signature}
    ask = {"appid": own.appid, **signed}

    verdict = sandbox.control("jssdk/verify", ticket="agent_config", **ask)
    assert verdict == {"verdict": "config:ok"}
    assert sandbox.control("jssdk/verify", **ask) != verdict
