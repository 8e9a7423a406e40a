"""WeCom's dialect: a code of the gateway's, and who stands behind it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from functions.wechat_api.index import handler as wechat_api
from runtime.errors import BadRequest, RedirectUriUnknown, SignInNotConfigured
from runtime.registry.client_secrets import hash_secret
from tests.support.client_sign_in import BACK, query_of
from tests.support.company import (
    AGENT,
    CORP,
    DETAIL,
    INFO,
    OTHER_CORP,
    WECOM,
    WORKBENCH,
    add_company,
    come_back,
    scripted_wecom,
    visit,
)
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.handles import login
from tests.support.scripted_wechat import SERVICE, ask, change, header

OLDER = "/cgi-bin/user/getuserinfo"
PRIVATE = {**WECOM, "scope": "snsapi_privateinfo"}
TOLD = {"mobile": "13800000000", "biz_mail": "z@corp.example.com"}


@pytest.fixture
def wecom():
    return scripted_wecom()


@pytest.fixture
def company(gateway, wecom):
    add_company(gateway, wecom)
    return gateway


@pytest.fixture
def told(wecom):
    """The member agrees to tell more."""
    wecom.rescript(INFO, {"errcode": 0, "userid": "ZhangSan", "user_ticket": "t-1"})
    wecom.script(DETAIL, {"errcode": 0, "userid": "ZhangSan", **TOLD})


def code_of(gateway, pairs=WECOM, browser="wecom"):
    client = visit(gateway, browser)
    begun = client.get(login, "/connect/oauth2/authorize", urlencode(pairs))
    return query_of(header(come_back(client, begun), "Location"))


def token_of(gateway, client_id="demo", appid=WORKBENCH):
    client = gateway.registry.client(client_id)
    return gateway.gateway_tokens.issue(client, appid, now=gateway.clock())


def call(gateway, path, *, method="GET", token=None, content=None, **pairs):
    token = token or token_of(gateway)
    query = urlencode({"access_token": token, **pairs})
    body = b"" if content is None else json.dumps(content).encode()
    environ = make_environ_fc(method=method, path=path, query=query, body=body)
    return json.loads(call_wsgi(wechat_api.with_gateway(gateway), environ)[2])


def test_the_code_and_the_state_come_back(company):
    """As at WeCom: nothing else, whatever the state is."""
    pairs = code_of(company, {**WECOM, "state": "a &=%é-_."})

    assert list(pairs) == ["code", "state"]
    assert pairs["state"] == "a &=%é-_."


def test_what_is_sent_to_wecom_is_ours(company):
    """A state of letters and digits, the agentid, and the scope that was asked for."""
    begun = visit(company).get(
        login, "/connect/oauth2/authorize", urlencode({**PRIVATE, "state": "a-b"})
    )
    pairs = query_of(header(begun, "Location"))

    assert pairs["state"].isalnum()
    assert (pairs["scope"], pairs["agentid"]) == ("snsapi_privateinfo", AGENT)


@pytest.mark.parametrize("browser", ["wecom", "desktop"])
@pytest.mark.parametrize(
    ("path", "member"),
    [
        (INFO, {"errcode": 0, "errmsg": "ok", "userid": "ZhangSan"}),
        (OLDER, {"errcode": 0, "errmsg": "ok", "UserId": "ZhangSan", "DeviceId": ""}),
    ],
)
def test_who_it_is(company, path, member, browser):
    """In WeCom's shape, once; the client needs no scope for it."""
    code = code_of(company, browser=browser)["code"]

    assert call(company, path, code=code) == member
    assert call(company, path, code=code)["errcode"] == 40029


@pytest.mark.parametrize("appid", [CORP, "demo"])
@pytest.mark.parametrize("agentid", [AGENT, None])
def test_how_an_app_is_named(company, appid, agentid):
    """By company or client, and without the agentid where there is one app."""
    pairs = {**WECOM, "appid": appid, "agentid": agentid}
    if (appid, agentid) == ("demo", None):
        return  # a client's id alone means WeChat
    pairs = {name: value for name, value in pairs.items() if value}

    assert call(company, INFO, code=code_of(company, pairs)["code"])["errcode"] == 0


def test_a_linked_companys_member(company, wecom):
    """As WeCom itself writes one to this app."""
    wecom.rescript(INFO, {"errcode": 0, "userid": f"{OTHER_CORP}/Li"})
    answer = call(company, INFO, code=code_of(company)["code"])

    assert answer["userid"] == f"{OTHER_CORP}/Li"


@pytest.mark.usefixtures("told")
def test_what_the_member_agrees_to_tell(company):
    """By a ticket of ours, for this client and app."""
    answer = call(company, INFO, code=code_of(company, PRIVATE)["code"])
    ticket = answer["user_ticket"]
    detail = call(company, DETAIL, method="POST", content={"user_ticket": ticket})

    assert ticket != "t-1"
    assert detail == {
        **{"errcode": 0, "errmsg": "ok", "userid": "ZhangSan", "gender": "0"},
        **{"avatar": "", "qr_code": "", "email": "", "address": "", **TOLD},
    }


@pytest.mark.usefixtures("told")
def test_a_base_scope_brings_no_ticket(company):
    """Even where the gateway knows more."""
    assert "user_ticket" not in call(company, INFO, code=code_of(company)["code"])


@pytest.mark.usefixtures("told")
def test_a_ticket_of_another_client_or_app(company):
    """It is told nothing."""
    ticket = call(company, INFO, code=code_of(company, PRIVATE)["code"])["user_ticket"]
    other = {
        "name": "Other",
        "scopes": {WORKBENCH: []},
        "secret_hashes": [hash_secret("other_" + "2" * 32)],
    }
    company.documents.write("clients", "other", other, after=0)
    token = token_of(company, "other")
    content = {"user_ticket": ticket}

    refused = call(company, DETAIL, method="POST", token=token, content=content)
    assert refused["errcode"] == 84014
    forged = {"user_ticket": "forged"}
    assert call(company, DETAIL, method="POST", content=forged)["errcode"] == 84014


def test_a_code_of_another_client(company):
    """It gets nothing, and the code is burnt."""
    other = {
        "name": "Other",
        "scopes": {WORKBENCH: []},
        "secret_hashes": [hash_secret("other_" + "2" * 32)],
    }
    company.documents.write("clients", "other", other, after=0)
    code = code_of(company)["code"]

    answer = call(company, INFO, token=token_of(company, "other"), code=code)
    assert answer["errcode"] == 40029
    assert call(company, INFO, code=code)["errcode"] == 40029


def test_codes_of_the_other_dialects(company):
    """A code of WeCom's dialect is none of WeChat's, and the other way round."""
    code = code_of(company)["code"]
    environ = make_environ_fc(
        method="GET",
        path="/sns/oauth2/access_token",
        query=urlencode(
            {
                "appid": "demo",
                "secret": "demo_" + "1" * 32,
                "code": code,
                "grant_type": "authorization_code",
            }
        ),
    )
    answer = json.loads(call_wsgi(wechat_api.with_gateway(company), environ)[2])

    assert answer["errcode"] == 40029
    assert call(company, INFO, code=code)["errcode"] == 40029


@pytest.mark.parametrize("code", ["c" * 43, "a code of WeCom's own"])
def test_a_code_of_wecoms_own(company, wecom, code):
    """A service that begins there goes on through the proxy, if it has the scope."""
    if len(code) == 43:
        assert call(company, INFO, code=code)["errcode"] == 40029
    change(company, "clients", "demo", scopes={WORKBENCH: ["/cgi-bin/auth/*"]})
    wecom.rescript(INFO, {"errcode": 0, "errmsg": "ok", "userid": "LiSi"})

    assert call(company, INFO, code=code)["userid"] == "LiSi"
    assert wecom.calls(INFO)[-1].arguments["access_token"] == "real"


def test_a_token_of_wechats_app(company):
    """The platform is the token's: there the path is WeChat's, and not in scope."""
    change(company, "clients", "demo", scopes={WORKBENCH: [], SERVICE: []})
    code = code_of(company)["code"]
    token = token_of(company, appid=SERVICE)

    assert call(company, INFO, token=token, code=code)["errcode"] == 48001
    assert call(company, INFO, code=code)["errcode"] == 0


def test_a_pairwise_client(company):
    """It gets a userid of its own, and never WeCom's."""
    salt = {"subject_type": "pairwise", "pairwise_salt": "5" * 64}
    change(company, "clients", "demo", **salt)
    userids = {
        call(company, INFO, code=code_of(company, browser=browser)["code"])["userid"]
        for browser in ("wecom", "desktop")
    }

    assert len(userids) == 1
    assert "zhang" not in userids.pop().lower()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": BACK + "/x"}, RedirectUriUnknown),
        ({"appid": OTHER_CORP}, RedirectUriUnknown),
        ({"agentid": "1000003"}, RedirectUriUnknown),
        ({"appid": "demo", "agentid": "1000003"}, SignInNotConfigured),
        ({"scope": "snsapi_userinfo"}, BadRequest),
        ({"response_type": "token"}, BadRequest),
        ({"state": "s" * 2501}, BadRequest),
    ],
)
def test_what_is_refused_on_a_page(company, changes, error):
    """No browser is sent to an address that is not registered."""
    query = urlencode({**WECOM, **changes})

    with pytest.raises(error):
        login(ask(path="/connect/oauth2/authorize", query=query), company)


def test_two_apps_of_a_company(company, wecom):
    """Then the agentid is needed, as at WeCom."""
    add_company(company, wecom, agentid="1000003")
    change(company, "clients", "demo", scopes={WORKBENCH: [], f"{CORP}-1000003": []})
    query = urlencode({k: v for k, v in WECOM.items() if k != "agentid"})

    with pytest.raises(SignInNotConfigured):
        login(ask(path="/connect/oauth2/authorize", query=query), company)
    assert "code" in code_of(company)
