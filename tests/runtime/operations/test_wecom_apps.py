"""Commands on apps of WeCom: what to enter, what is tried, what is wrong with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.errors import WeChatUnreachable, WeComSecretRefused
from runtime.gateway import Gateway
from runtime.operations.conditions import conditions
from runtime.operations.refusals import OperationRefused
from runtime.operations.runbook import section_of, text_of
from runtime.pages.markdown import html_of
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.sample_messages import TYPES
from runtime.registry.schema import InvalidDocument
from tests.support.message_service import message_service, route_to
from tests.support.wecom_pushes import AES_KEY, APP, CORP, SECRET, TOKEN, text

ADDRESS = "203.0.113.7"
TOKEN_ANSWER = {
    **{"errcode": 0, "errmsg": "ok"},
    **{"access_token": "a-real-token", "expires_in": 7200},
}
IPS = {"errcode": 0, "errmsg": "ok", "ip_list": []}


def refused(errcode, text="no"):
    """Return an error as WeCom words it."""
    tail = f"hint: [1_2_{'0' * 32}], from ip: {ADDRESS}, more info at https://w"
    return {"errcode": errcode, "errmsg": f"{text}, {tail}"}


WRONG_ADDRESS = refused(60020, "not allow to access from your ip")


@pytest.fixture
def wecom(wechat):
    """WeCom as it answers when all is well; without a token it tells the address."""
    wechat.script("/cgi-bin/gettoken", TOKEN_ANSWER)
    wechat.script("/cgi-bin/get_api_domain_ip", IPS, refused(41001))
    return wechat


@pytest.fixture
def added(do):
    """Add the app; return the answer."""
    return do("app add", corpid=CORP, name="1000002", kind="wecom", secret=SECRET)


@pytest.fixture
def tried(do, added):
    """Return state and sentence of each line of the check."""

    def run():
        rows = do("app check", appid=APP)["trials"]
        return {each["what"]: (each["state"], each["says"]) for each in rows}

    return run


class TestWhatToEnter:
    def test_domains_and_addresses(self, added):
        assert "work.weixin.qq.com" == added["console"]
        entered = {each["field"]: each["value"] for each in added["enter"]}
        domain = entered["trusted domain (网页授权及JS-SDK, 可信域名)"]
        assert "WW_verify_X.txt" in domain
        assert f"app update {APP} --domain-proof FILE" in domain
        assert "60020" in entered["trusted IPs (企业可信IP)"]
        assert entered["URL (接收消息服务器URL)"].endswith(f"/wechat_event/{APP}")
        assert f"not set: app update {APP} --push" == entered["Token"]

    def test_the_address_that_was_refused(self, do, added, gateway):
        gateway.refused_addresses.note(APP, ADDRESS)
        (value,) = (
            each["value"]
            for each in do("app check", appid=APP, since=0)["enter"]
            if "企业可信IP" in each["field"]
        )
        assert value.startswith(ADDRESS)

    def test_a_secret_without_an_agentid_signs_nobody_in(self, do):
        made = do("app add", corpid=CORP, name="kf", kind="wecom", secret=SECRET)
        fields = [each["field"] for each in made["enter"]]
        assert "trusted IPs (企业可信IP)" == fields[0]
        assert not [each for each in fields if "可信域名" in each]

    def test_the_callback_url(self, do, gateway):
        pushes = {"token": TOKEN, "encoding_aes_key": AES_KEY}
        made = {"corpid": CORP, "name": "1000002", "kind": "wecom", "secret": SECRET}
        answer = do("app add", **made, **pushes)
        entered = {each["field"]: each["value"] for each in answer["enter"]}
        base = gateway.settings.public_base_url
        assert f"{base}/wechat_event/{APP}" == entered["URL (接收消息服务器URL)"]
        assert TOKEN not in str(answer)
        shown = do("app check", appid=APP, since=0, secrets=True)["enter"]
        assert {TOKEN, AES_KEY} <= {each["value"] for each in shown}


class TestTrials:
    def test_all_is_well(self, tried, wecom):
        lines = tried()
        assert ("ok", "WeCom takes it") == lines["Secret"]
        assert ("ok", f"WeCom takes calls from {ADDRESS}") == lines["trusted IPs"]
        assert "cannot be known" == lines["callback domain"][0]

    def test_an_address_that_is_not_trusted(self, tried, wecom):
        """gettoken proves nothing of it."""
        wecom.rescript("/cgi-bin/get_api_domain_ip", WRONG_ADDRESS)
        lines = tried()
        assert "ok" == lines["Secret"][0]
        state, says = lines["trusted IPs"]
        assert "not ok" == state
        assert ADDRESS in says

    @pytest.mark.parametrize("errcode", [40001, 40013, 40091])
    def test_a_wrong_secret(self, tried, wecom, errcode):
        """It is tried once, since each try counts towards a ban of the address."""
        wecom.rescript("/cgi-bin/gettoken", refused(errcode))
        lines = tried()
        assert "not ok" == lines["Secret"][0]
        assert f"app update {APP} --secret" in lines["Secret"][1]
        assert "cannot be known" == lines["trusted IPs"][0]
        assert 1 == len(wecom.calls("/cgi-bin/gettoken"))

    @pytest.mark.parametrize(
        ("answer", "line"),
        [(refused(45009), "Secret"), (WeChatUnreachable(), "WeChat's API")],
    )
    def test_no_answer_that_tells(self, tried, wecom, answer, line):
        wecom.rescript("/cgi-bin/gettoken", answer)
        assert "ok" != tried()[line][0]


class TestConditions:
    def test_an_address_that_wecom_refuses(self, added, gateway):
        gateway.refused_addresses.note(APP, ADDRESS)
        (found,) = conditions(gateway)
        assert ("address_not_allowed", APP) == (found.name, found.of)
        assert ADDRESS in found.says
        gateway.refused_addresses.forget(APP)
        assert [] == conditions(gateway)

    def test_a_secret_that_wecom_refuses(self, do, added, gateway, wecom):
        wecom.rescript("/cgi-bin/gettoken", refused(40001))
        app = gateway.registry.app(APP)
        with pytest.raises(WeComSecretRefused):
            gateway.wecom_calls.real_token(app)
        (found,) = conditions(gateway)
        assert ("credential_refused", APP) == (found.name, found.of)
        assert "Secret" in found.says
        (fault,) = do("token show", appid=APP)["faults"]
        assert "Secret" in fault["what"]

    @pytest.mark.parametrize("name", ["address_not_allowed", "credential_refused"])
    def test_the_runbook_has_lines_of_its_own(self, name):
        of_wecom, of_wechat = section_of(name, APP), section_of(name, "wx" + "a" * 16)
        assert of_wecom != of_wechat
        page, anchor = of_wecom
        assert f'id="{anchor}"' in html_of(text_of(page), link=lambda url: url)


class TestTokens:
    def test_the_token_and_both_tickets(self, do, added, gateway, wecom):
        ticket = {"errcode": 0, "errmsg": "ok", "ticket": "t", "expires_in": 7200}
        for path in ("/cgi-bin/get_jsapi_ticket", "/cgi-bin/ticket/get"):
            wecom.script(path, ticket)
        app = gateway.registry.app(APP)
        gateway.wecom_calls.ticket(app, "jsapi")
        gateway.wecom_calls.ticket(app, "agent_config")
        rows = do("token show", appid=APP)["tokens"]
        names = [each["name"].partition(":")[0] for each in rows]
        assert ["access_token", "jsapi_ticket", "agent_config_ticket"] == names
        done = do("token refresh", appid=APP, only="agent_config_ticket")["tokens"]
        assert [f"agent_config_ticket:{APP}"] == [each["name"] for each in done]


class TestRoutes:
    @pytest.fixture
    def route(self, do, added, gateway):
        do("client add", name="Demo", scopes={APP: []})
        private = replace(gateway.settings, push_private_networks=("127.0.0.0/8",))
        on = Gateway(private, transport=gateway.transport)
        with message_service(appid=CORP) as service:
            fields = route_to(service, reply=True)
            made = {name: fields[name] for name in ("token", "encoding_aes_key")}
            answer = do(
                *("push route-add", on),
                **{"appid": APP, "client": "demo", "url": service.url, "reply": True},
                **made,
            )
            yield on, answer, service

    def test_a_route_of_an_app_without_a_token_is_warned_of(self, route):
        assert [f"{APP} takes no pushes yet: app update {APP} --push."] == route[1][
            "warnings"
        ]

    def test_a_made_up_text(self, do, route):
        on, made, service = route
        service.answer = lambda message: f"you said {message.content}"
        found = do("push test", on, appid=APP, route=made["id"], text="hi")
        assert "you said hi" == found["reply"]["Content"]
        assert "the answer to WeCom" == found["reaches_user_by"]

    @pytest.mark.parametrize(
        "type_", ["enter_agent", "change_contact", "kf_msg_or_event"]
    )
    def test_a_made_up_event(self, do, route, type_):
        on, made, _ = route
        found = do("push test", on, appid=APP, route=made["id"], type=type_)
        assert (200, "none") == (found["status"], found["reply"])

    def test_the_types_of_wechat_are_not_wecoms(self, do, route):
        on, made, _ = route
        assert "SCAN" in TYPES
        with pytest.raises(InvalidDocument, match="type must be one of text"):
            do("push test", on, appid=APP, route=made["id"], type="SCAN")

    def test_a_robots_text(self, do, route):
        """Its answer is JSON."""
        on, made, service = route
        service.take = lambda query, body: (200, b'{"msgtype": "oops"}')
        found = do("push test", on, appid=APP, route=made["id"], data="json")
        (fault,) = found["faults"]
        assert fault.startswith("type: WeCom takes no reply of this type")


class TestListening:
    @pytest.fixture
    def pushed(self, do, added, gateway, redis_server):
        """Store a text of a member; return what a listener to members gets."""

        def run(*members):
            since = do("push listen", appid=APP, openids=[*members])["since"]
            message = read_message(text().encode())
            now = int(gateway.redis_store.time())
            received = Received(message, "n", now, "s", b"k", of_wecom=True)
            gateway.inbox.store(APP, received)
            return do("push listen", appid=APP, openids=[*members], since=since)

        return run

    def test_a_tester_in_whatever_letters(self, pushed):
        (push,) = pushed("zhangSAN")["pushes"]
        assert (CORP, text()) == (push["receive_id"], push["message"])

    def test_what_others_send(self, pushed):
        assert [] == pushed("lisi")["pushes"]


def test_a_member_is_known_in_whatever_letters_the_userid_is_typed(do, gateway):
    do("person add", sub=f"{CORP}:ZhangSan", name="Zhang San")
    assert "Zhang San" == gateway.registry.known_user(f"{CORP}:zhangsan").name
    assert gateway.registry.known_user(f"{CORP}:lisi") is None
    do("person remove", sub=f"{CORP}:ZHANGSAN")
    assert [] == do("person list")["people"]


def test_an_app_without_a_token_of_its_own_is_still_refused(do):
    do("app add", appid="wx" + "b" * 16, kind="website", secret="f" * 32)
    with pytest.raises(OperationRefused):
        do("token show", appid="wx" + "b" * 16)
