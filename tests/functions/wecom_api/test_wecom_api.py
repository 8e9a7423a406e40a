"""WeCom's API through the gateway: tokens, tickets, calls, robots, in its dialect."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from functions.wechat_api import wecom_dialect
from functions.wechat_api.index import handler
from runtime.errors import ApiRefused
from runtime.operations import status_verbs
from runtime.web.messages import Request
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import CLIENT_SECRET

USER = "/cgi-bin/user/get"
SEND = "/cgi-bin/message/send"
DOMAIN_IP = "/cgi-bin/get_api_domain_ip"
MESSAGE = {"msgtype": "text", "text": {"content": "hello"}}
HINT = re.compile(
    r"[A-Za-z_ ]+, hint: \[\d{10}_1_[0-9a-f]{32}\], more info at "
    r"https://open\.work\.weixin\.qq\.com/devtool/query\?e=(-?\d+)"
)


def errcode_of(answer):
    """Return the code of an error of ours, whose text is in WeCom's form."""
    match = HINT.fullmatch(answer["errmsg"])
    assert match, answer
    assert int(match[1]) == answer["errcode"]
    assert "from ip" not in answer["errmsg"]
    return answer["errcode"]


def test_a_time_that_contains_a_code_of_a_token(monkeypatch):
    """The hint takes an earlier one, and does not wait for a later."""
    once = SimpleNamespace(time=iter([1_794_000_150]).__next__)
    monkeypatch.setattr(wecom_dialect, "time", once)
    refused, asked = ApiRefused(40029, "invalid_code"), Request("GET", USER)
    answer = wecom_dialect.wecom_dialect(asked, refused, https=True)
    content = json.loads(answer.body)

    assert errcode_of(content) == 40029
    assert "40001" not in content["errmsg"]


class TestGettoken:
    def test_the_name_says_which_app(self, company):
        """With the client's secret behind a colon; the answer is WeCom's in form."""
        answer = company.gettoken(f"1000002:{CLIENT_SECRET}")

        assert {**answer, "access_token": ""} == {
            "errcode": 0,
            "errmsg": "ok",
            "access_token": "",
            "expires_in": 7200,
        }
        assert company.calls("/cgi-bin/gettoken") == []

    def test_the_secret_alone_means_the_only_app(self, company):
        """Of this corp; of two it has to be the default."""
        corpid = company.app["corpid"]
        assert errcode_of(company.gettoken(CLIENT_SECRET)) == 40058

        company.write_client(default_apps={corpid: "contacts"})
        by_default = company.gettoken(CLIENT_SECRET)["access_token"]
        only = {company.contacts: ["/cgi-bin/*"]}
        company.write_client(scopes=only)
        by_itself = company.gettoken(CLIENT_SECRET)["access_token"]

        for token in (by_default, by_itself):
            caller = company.gateway.gateway_tokens.read(
                token, now=company.gateway.clock()
            )
            assert caller.appid == company.contacts

    @pytest.mark.parametrize(
        ("secret", "corpid", "errcode"),
        [
            (None, "", 41002),
            ("", None, 41004),
            (None, "nothing", 40013),
            (None, "ww" + "0" * 16, 40013),
            ("1000002:wrong", None, 40001),
            ("wrong", None, 40001),
            (f"1000099:{CLIENT_SECRET}", None, 48002),
        ],
    )
    def test_what_is_refused(self, company, secret, corpid, errcode):
        """In WeCom's codes, with a hint of its form and no address."""
        assert errcode_of(company.gettoken(secret, corpid)) == errcode

    def test_a_stranger_learns_no_corp(self, company):
        """A wrong secret is all that it is told, of a corp that is here, too."""
        known = company.gettoken("wrong")
        unknown = company.gettoken("wrong", "ww" + "0" * 16)

        assert known["errcode"] == unknown["errcode"] == 40001


class TestCalls:
    def test_a_token_names_the_platform(self, company):
        """The same path exists on both hosts; WeChat is asked nothing."""
        answer = company.get("/cgi-bin/getcallbackip")

        assert answer["errcode"] == 0
        (call,) = company.calls("/cgi-bin/getcallbackip")
        assert call["appid"] == company.app["appid"]
        assert company.sandbox.journal(path="/cgi-bin/getcallbackip") == []

    def test_one_real_token_for_all_calls(self, company):
        """And the gateway's never goes up."""
        token = company.token()
        for _ in range(3):
            assert company.get(DOMAIN_IP, access_token=token)["errcode"] == 0

        assert len(company.calls("/cgi-bin/gettoken")) == 1
        assert len(company.calls(DOMAIN_IP)) == 3

    def test_two_secrets_of_a_corp_are_two_apps(self, company):
        """One is not good for what the other may do; WeCom's own text passes."""
        answer = company.post(
            SEND,
            {"touser": "@all", "msgtype": "text", "text": {"content": "x"}},
            access_token=company.token("contacts"),
        )

        assert answer["errcode"] == 48002
        assert "from ip: " in answer["errmsg"]

    def test_a_dead_token_costs_one_fetch_and_one_repetition(self, company):
        """The client sees nothing of it."""
        company.get(DOMAIN_IP)
        company.sandbox.control("expire", appid=company.app["appid"])

        assert company.get(DOMAIN_IP)["errcode"] == 0
        assert len(company.calls("/cgi-bin/gettoken")) == 2
        assert len(company.calls(DOMAIN_IP)) == 3

    def test_a_code_that_stays_ends_no_loop(self, company):
        """One fetch, and WeCom's answer, though every call is refused."""
        company.get(DOMAIN_IP)
        path = f"/qyapi{DOMAIN_IP}"
        company.sandbox.control("faults", path=path, times=10, errcode=40014)

        answers = [company.get(DOMAIN_IP)["errcode"] for _ in range(5)]

        assert answers == [40014] * 5
        assert len(company.calls("/cgi-bin/gettoken")) == 2

    @pytest.mark.parametrize(
        "path",
        [
            "/cgi-bin/service/get_suite_token",
            "/cgi-bin/service/get_permanent_code",
            "/cgi-bin/service/v2/get_permanent_code",
            "/cgi-bin/service/get_corp_token",
            "/cgi-bin/Service/get_provider_token",
            "/cgi-bin/corpgroup/corp/gettoken",
            "/cgi-bin/miniprogram/transfer_session",
            "/wxa/getwxacode",
        ],
    )
    def test_credentials_are_never_forwarded(self, company, path):
        """Nor what is none of WeCom's paths."""
        company.write_client(scopes={company.app["appid"]: ["/*"]})

        assert errcode_of(company.post(path, {})) == 48002
        assert company.calls(path) == []

    def test_scopes_and_rates_hold(self, company):
        """In WeCom's codes."""
        id_ = company.app["appid"]
        company.write_client(scopes={id_: ["/cgi-bin/user/*"]})
        assert errcode_of(company.get(DOMAIN_IP)) == 48002

        rate = {"per_second": 0.01, "burst": 1}
        company.write_client(scopes={id_: ["/cgi-bin/*"]}, rate=rate)
        assert company.get(DOMAIN_IP)["errcode"] == 0
        assert errcode_of(company.get(DOMAIN_IP)) == 45009

    def test_an_old_gateway_token_is_told_so(self, company):
        """By the codes at which an SDK of WeCom's fetches another one."""
        token = company.token()
        assert (
            errcode_of(company.get(DOMAIN_IP, access_token=token[:-1] + "~")) == 40014
        )
        company.write_client(epoch=2)
        assert errcode_of(company.get(DOMAIN_IP, access_token=token)) == 40014
        now = company.gateway.clock
        company.gateway.clock = lambda: now() + 7300
        company.gateway.__dict__.pop("gateway_tokens", None)
        assert errcode_of(company.get(DOMAIN_IP, access_token=token)) == 42001

    def test_a_write_of_unknown_outcome_invites_no_retry(self, company):
        """504 and a code that no SDK's list holds; a read is asked once more."""
        company.get(DOMAIN_IP)
        for path in (SEND, DOMAIN_IP):
            fault = {"path": f"/qyapi{path}", "times": 1, "drop": True}
            company.sandbox.control("faults", **fault)
        message = {"touser": "@all", "agentid": 1000002, **MESSAGE}
        body = json.dumps(message).encode()
        query = {"access_token": company.token()}
        status, _, answer = company.call(SEND, query, method="POST", body=body)

        assert (status, errcode_of(answer)) == (504, 50400)
        assert company.get(DOMAIN_IP)["errcode"] == 0

    def test_a_file_goes_up_and_comes_down(self, company):
        """Multipart, and bytes with a file's name."""
        part = (
            b'--b\r\nContent-Disposition: form-data; name="media"; '
            b'filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
            b"hello wecom\r\n--b--\r\n"
        )
        token = company.token()
        _, _, sent = company.call(
            "/cgi-bin/media/upload",
            {"access_token": token, "type": "file"},
            method="POST",
            body=part,
            headers=(("content-type", "multipart/form-data; boundary=b"),),
        )
        assert sent["errcode"] == 0

        query = f"access_token={quote(token)}&media_id={sent['media_id']}"
        environ = make_environ_fc(path="/cgi-bin/media/get", query=query)
        made = handler.with_gateway(company.gateway)
        status, _, body = call_wsgi(made, environ)
        assert (status, body) == (200, b"hello wecom")

    def test_no_log_line_has_a_secret_or_a_name(self, company, caplog):
        """Userids are names of employees; the Secret opens the company."""
        caplog.set_level(logging.DEBUG)
        company.get(USER, userid="zhangsan-of-the-board")
        company.gettoken("wrong-client-secret")

        text = "\n".join(each.getMessage() for each in caplog.records)
        assert company.app["secret"] not in text
        assert "zhangsan-of-the-board" not in text
        assert CLIENT_SECRET not in text
        assert "wrong-client-secret" not in text


class TestTickets:
    def test_both_come_from_custody(self, company):
        """The corp's and the app's, each fetched once."""
        corp = [company.get("/cgi-bin/get_jsapi_ticket") for _ in range(2)]
        agent = [
            company.get("/cgi-bin/ticket/get", type="agent_config") for _ in range(2)
        ]

        assert corp[0]["ticket"] == corp[1]["ticket"] != agent[0]["ticket"]
        assert agent[0]["ticket"] == agent[1]["ticket"]
        assert 0 < corp[1]["expires_in"] <= 7200
        for path in ("/cgi-bin/get_jsapi_ticket", "/cgi-bin/ticket/get"):
            assert len(company.calls(path)) == 1

    def test_another_type_is_refused(self, company):
        """WeCom has no wx_card, and the corp's ticket has a path and a scope."""
        for type_ in ("wx_card", "jsapi", ""):
            answer = company.get("/cgi-bin/ticket/get", type=type_)
            assert errcode_of(answer) == 40058
        answer = company.get("/cgi-bin/ticket/getticket", type="jsapi")
        assert errcode_of(answer) == 40058

    def test_whoever_reads_a_ticket_may_reject_it(self, company):
        """By the scope of the path that reads it."""
        id_, path = company.app["appid"], "/cgi-bin/get_jsapi_ticket"
        company.write_client(scopes={id_: [path]})
        ticket = company.get(path)["ticket"]
        bearer = (("authorization", f"Bearer {company.token()}"),)
        for type_, status in (("jsapi", 200), ("agent_config", 403)):
            body = json.dumps({"ticket": ticket, "type": type_}).encode()
            asked = {"method": "POST", "body": body, "headers": bearer}
            answer = company.call(f"/wechat_api/{id_}/ticket/reject", {}, **asked)
            assert answer[0] == status, answer

    def test_the_page_gets_both_signatures(self, company):
        """For wx.config with the corpid, and for wx.agentConfig with the agentid."""
        company.write_client(scopes={company.app["appid"]: ["/*"]})
        page = "https://app.example.com/orders?id=1"
        id_, token = company.app["appid"], company.token()
        bearer = (("authorization", f"Bearer {token}"),)
        path = f"/wechat_api/{id_}/jssdk_config"
        status, _, config = company.call(path, {"url": page}, headers=bearer)

        assert status == 200
        assert config["appId"] == company.app["corpid"]
        agent = config["agentConfig"]
        assert agent["corpid"] == company.app["corpid"]
        assert agent["agentid"] == company.app["agentid"]
        corp_ticket = company.get("/cgi-bin/get_jsapi_ticket")["ticket"]
        own_ticket = company.get("/cgi-bin/ticket/get", type="agent_config")["ticket"]
        for signed, ticket in ((config, corp_ticket), (agent, own_ticket)):
            text = (
                f"jsapi_ticket={ticket}&noncestr={signed['nonceStr']}"
                f"&timestamp={signed['timestamp']}&url={page}"
            )
            assert signed["signature"] == hashlib.sha1(text.encode()).hexdigest()  # noqa: S324


class TestRobots:
    @pytest.mark.parametrize("by", ["token", "secret"])
    def test_a_robot_posts_by_its_name(self, company, by):
        """Beside a gateway token, or with the client's secret in its place."""
        path = "/cgi-bin/webhook/send"
        company.write_client(scopes={company.app["appid"]: ["/cgi-bin/*"]})
        if by == "token":
            answer = company.post(path, MESSAGE, key="alarms")
        else:
            query = {"key": f"alarms:{CLIENT_SECRET}", "access_token": ""}
            answer = company.post(path, MESSAGE, **query)

        assert answer["errcode"] == 0
        (call,) = company.calls(path)
        assert "access_token" not in call["query"]

    def test_the_key_is_told_to_nobody(self, company, caplog):
        """Another name is refused, and the real key is no name, not even in the log."""
        caplog.set_level(logging.DEBUG)
        key = company.app["robots"]["alarms"]
        path = "/cgi-bin/webhook/send"

        assert errcode_of(company.post(path, MESSAGE, key=key)) == 40058
        assert errcode_of(company.post(path, MESSAGE, key="other")) == 40058
        refused = company.post(path, MESSAGE, key="alarms", access_token="")
        assert errcode_of(refused) == 41001
        both = company.post(path, MESSAGE, key=f"alarms:{CLIENT_SECRET}")
        assert errcode_of(both) == 40058
        assert company.calls(path) == []
        assert "unknown_robot" in caplog.text
        assert key not in caplog.text
        assert CLIENT_SECRET not in caplog.text

    def test_a_client_needs_the_path_in_its_scopes(self, company):
        """As for every other call."""
        company.write_client(scopes={company.app["appid"]: ["/cgi-bin/user/*"]})
        path = "/cgi-bin/webhook/send"
        by_secret = {"key": f"alarms:{CLIENT_SECRET}", "access_token": ""}

        assert errcode_of(company.post(path, MESSAGE, key="alarms")) == 48002
        assert errcode_of(company.post(path, MESSAGE, **by_secret)) == 48002


class TestSecretsAndAddresses:
    def test_a_wrong_secret_is_tried_once(self, company):
        """The alarm names the condition, and calls get WeCom's code."""
        id_ = company.app["appid"]
        document = company.gateway.documents.read("apps", id_)
        wrong = {**document.content, "secret": "w" * 43}
        company.gateway.documents.write("apps", id_, wrong, after=document.version)

        answers = [company.get(DOMAIN_IP)["errcode"] for _ in range(4)]

        assert answers == [40001] * 4
        assert len(company.calls("/cgi-bin/gettoken")) == 1

    def test_a_refused_address_is_noted(self, company):
        """60020 names it; gettoken would have told nothing."""
        id_ = company.app["appid"]
        company.sandbox.control("apps", appid=id_, ip_whitelist=["198.51.100.9"])

        assert company.get(DOMAIN_IP)["errcode"] == 60020
        assert company.gateway.refused_addresses.all() == {id_: "127.0.0.1"}

        company.sandbox.control("apps", appid=id_, ip_whitelist=[])
        tried = company.gateway.wecom_calls.try_business_call(
            company.gateway.registry.app(id_)
        )
        assert (tried.error, tried.address) == (None, "127.0.0.1")
        assert company.gateway.refused_addresses.all() == {}

    def test_health_and_status_tell_the_address(self, company):
        """By one business call a minute, and its cause is a condition of status."""
        id_ = company.app["appid"]
        for each in company.apps:
            whitelist = ["198.51.100.9"]
            company.sandbox.control("apps", appid=each["appid"], ip_whitelist=whitelist)
        status, _, health = company.call("/wechat_api/healthz", "full=1")
        company.call("/wechat_api/healthz", "full=1")

        assert (status, health["wecom"]) == (200, "address_not_allowed")
        assert health["wecom_address"] == "127.0.0.1"
        assert len(company.calls(DOMAIN_IP)) == 1
        shown = status_verbs.show(company.gateway, {})
        assert shown["wecom_address"] == "127.0.0.1"
        (fault,) = shown["faults"]
        assert "127.0.0.1" in fault["what"]
        assert "wecom" not in company.call("/wechat_api/healthz")[2]
        assert fault["of"] in {id_, *(each["appid"] for each in company.apps)}
