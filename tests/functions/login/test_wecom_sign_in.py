"""Members of WeCom sign in: which way each browser takes, and who comes out of it."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from runtime.entry.dialects import json_dialect
from runtime.errors import (
    NotAMember,
    NotSignedIn,
    OutsideVisibleRange,
    WeComDomainRefused,
)
from runtime.web.messages import Request
from tests.support.callback_flows import profile_of
from tests.support.client_sign_in import BACK, OIDC, query_of
from tests.support.company import (
    AGENT,
    CORP,
    DETAIL,
    INFO,
    MEMBER,
    OTHER_CORP,
    OTHER_WORKBENCH,
    WORKBENCH,
    add_company,
    come_back,
    scripted_wecom,
    visit,
    way_to_wecom,
)
from tests.support.gateway_environ import make_environ
from tests.support.handles import login, oauth_callback
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.scripted_wechat import (
    SERVICE,
    WEBSITE,
    ask,
    change,
    cookie,
    header,
    load,
)

PRIVATE = {"errcode": 0, "userid": "ZhangSan", "user_ticket": "t-1"}
TOLD = {"errcode": 0, "userid": "ZhangSan", "biz_mail": "Z@corp.example.com"}


@pytest.fixture
def wecom():
    return scripted_wecom()


@pytest.fixture
def environ(tmp_path, redis_server):
    key = oidc_key({1: private_key()})
    return make_environ(tmp_path, redis_server.url, OIDC_KEY=key)


@pytest.fixture
def company(gateway, wecom):
    add_company(gateway, wecom)
    return gateway


@pytest.fixture
def both(company):
    """The client has apps of WeChat as well."""
    change(company, "clients", "demo", scopes={SERVICE: [], WEBSITE: [], WORKBENCH: []})
    return company


def begin(gateway, browser, query="next=%2Forders"):
    return visit(gateway, browser).get(login, "/", query)


def me(client):
    """Return what the gateway tells a front end of its user."""
    headers = (("accept", "application/json"),)
    asked = ask(path="/me", headers=headers, cookies=client.cookies)
    try:
        return login(asked, client.gateway)
    except NotSignedIn as error:
        return json_dialect(asked, error, https=True)


class TestWays:
    """The way of each browser."""

    @pytest.mark.parametrize("apps", ["company", "both"])
    def test_inside_wecom_there_is_one(self, request, apps):
        """At once to the client's own page, whether there is WeChat or not."""
        response = begin(request.getfixturevalue(apps), "wecom")

        url = header(response, "Location")
        assert url.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?")
        assert query_of(url)["appid"] == CORP
        assert query_of(url)["agentid"] == AGENT
        assert query_of(url)["state"].isalnum()

    def test_inside_wechat_it_is_wechat(self, both):
        """The company's app changes nothing there."""
        response = begin(both, "wechat")

        assert query_of(header(response, "Location"))["appid"] == SERVICE

    @pytest.mark.parametrize("browser", ["desktop", "mobile"])
    def test_elsewhere_both_are_on_the_page(self, both, browser):
        """WeChat's way as it was, and a link that needs no script."""
        response = begin(both, browser)
        text, url = response.body.decode(), way_to_wecom(response)

        assert url.startswith("https://login.work.weixin.qq.com/wwlogin/sso/login?")
        assert dict(parse_qsl(urlsplit(url).query)) == {
            "login_type": "CorpApp",
            "appid": CORP,
            "agentid": AGENT,
            "redirect_uri": (
                f"{both.settings.public_base_url}/oauth_callback/{WORKBENCH}"
            ),
            "state": query_of(url)["state"],
        }
        assert ("qr.js" in text) == (browser == "desktop")

    def test_a_client_with_wecom_alone(self, company):
        """One button, and nothing of WeChat."""
        response = begin(company, "desktop")
        text = response.body.decode()

        assert response.status == 200
        assert "wwlogin/sso/login" in way_to_wecom(response)
        assert "qr.js" not in text
        assert "微信扫" not in text

    def test_a_front_end_gets_both_addresses(self, both):
        """Beside those of WeChat."""
        headers = (("accept", "application/json"),)
        content = load(login(ask(query="next=%2Fa", headers=headers), both))

        assert content["wecom"]["appid"] == WORKBENCH
        assert "/wwlogin/sso/login?" in content["wecom"]["url"]
        assert content["wechat"]["appid"] == SERVICE

    def test_a_computer_without_a_website_app(self, both):
        """The page that waits for a phone has the link as well, of the same flow."""
        change(both, "clients", "demo", scopes={SERVICE: [], WORKBENCH: []})
        browser = visit(both, "desktop")
        page = browser.get(login, "/", "")
        state = query_of(way_to_wecom(page))["state"]
        waiting = browser.get(login, "/wait", f"flow={state}")

        assert query_of(way_to_wecom(waiting))["state"] == state
        back = come_back(browser, waiting)
        assert profile_of(both, back)[0] == MEMBER

    def test_a_secret_without_an_agentid_signs_nobody_in(self, gateway, wecom):
        """It is none of the ways."""
        add_company(gateway, wecom, agentid="contacts")

        assert begin(gateway, "wecom").status == 501


class TestMembers:
    """Whoever comes back."""

    @pytest.mark.parametrize("browser", ["wecom", "desktop"])
    def test_a_member_gets_a_session(self, company, browser):
        """Of the company's sub, with nothing of WeChat's for the browser."""
        client = visit(company, browser)
        back = come_back(client, client.get(login, "/", "next=%2Forders"))

        assert (back.status, header(back, "Location")) == (303, "/orders")
        assert profile_of(company, back)[0] == MEMBER
        content = load(me(client))
        assert content == {
            "sub": MEMBER,
            "name": "张三",
            "picture": None,
            "wecom_corpid": CORP,
            "wecom_userid": "ZhangSan",
            "wecom_agentid": AGENT,
            "auth_time": content["auth_time"],
        }

    def test_the_cookie_tells_app_and_platform(self, company):
        """A Tornado service compares the app, and may tell members by `amr`."""
        client = visit(company)
        come_back(client, client.get(login, "/", ""))
        signed = next(v for k, v in client.cookies.items() if "gateway_session" in k)
        value = signed.split("|")[4].partition(":")[2]
        content = json.loads(base64.b64decode(value))

        assert (content["amr"], content["app"]) == ("wecom", WORKBENCH)
        assert "way" not in content

    def test_two_companies_with_the_same_userid(self, company, clock):
        """Two users: sub, session and sign-out everywhere."""
        clock.now = time.time()
        other = scripted_wecom()
        add_company(company, other, corpid=OTHER_CORP)
        company.transport = company.transport.wechat
        apps = {WORKBENCH: [], OTHER_WORKBENCH: []}
        subs, clients = [], []
        for first in (WORKBENCH, OTHER_WORKBENCH):
            scopes = {first: [], **apps}
            change(company, "clients", "demo", scopes=scopes)
            client = visit(company)
            back = come_back(client, client.get(login, "/", ""), appid=first)
            subs.append(profile_of(company, back)[0])
            clients.append(client)

        assert subs == [MEMBER, f"{OTHER_CORP}:zhangsan"]
        company.sessions.end_all(MEMBER)
        assert me(clients[0]).status == 401
        assert load(me(clients[1]))["sub"] == subs[1]

    @pytest.mark.parametrize("named", ["openid", "external_userid"])
    @pytest.mark.parametrize("browser", ["wecom", "desktop"])
    def test_users_outside_the_company(self, company, wecom, browser, named):
        """A page that says so, and no session; the code is exchanged once."""
        wecom.rescript(
            INFO, {"errcode": 0, "errmsg": "ok", "openid": "o-1", named: "x"}
        )
        client = visit(company, browser)
        back = come_back(client, client.get(login, "/", ""))

        assert back.status == 403
        assert "公司以外的人员" in back.body.decode()
        assert not [name for name, _ in back.headers if name == "Set-Cookie"]

    @pytest.mark.parametrize(
        ("answer", "kind", "words"),
        [
            ({"openid": "o-1"}, NotAMember, "不是该公司的成员"),
            ({"errcode": 50002, "errmsg": "no"}, OutsideVisibleRange, "可见范围"),
            ({"errcode": 60021, "errmsg": "no"}, OutsideVisibleRange, "可见范围"),
        ],
    )
    def test_the_client_learns_whom_wecom_does_not_know(
        self, company, wecom, answer, kind, words
    ):
        """By the link of the page: access_denied with its state, and no code."""
        wecom.rescript(INFO, answer)
        client = visit(company)
        back = come_back(client, client.authorize())
        text = back.body.decode()

        assert (back.status, words in text) == (403, True)
        assert f"{BACK}?error=access_denied" in text
        assert "state=s-1" in text

    def test_a_domain_that_wecom_does_not_trust(self, company, wecom):
        """In plain words, and the user may start again."""
        wecom.rescript(INFO, {"errcode": 50001, "errmsg": "redirect_url domain"})
        client = visit(company)
        back = come_back(client, client.get(login, "/", ""))

        assert back.status == WeComDomainRefused.status
        assert "可信域名" in back.body.decode()

    def test_a_spent_code_begins_anew_in_the_same_browser(self, company, wecom):
        """Once, and by the way of this browser."""
        wecom.rescript(INFO, {"errcode": 40029, "errmsg": "invalid code"})
        for browser, part in (("wecom", "/connect/oauth2"), ("desktop", "/wwlogin")):
            client = visit(company, browser)
            again = come_back(client, client.get(login, "/", ""))
            assert part in header(again, "Location")
            assert come_back(client, again).status == 400

    def test_a_repeated_callback_exchanges_the_code_once(self, company, wecom):
        """Browsers send one twice, and the member is the same."""
        client = visit(company)
        page = client.get(login, "/", "next=%2Fa")
        first, second = (come_back(client, page) for _ in range(2))

        assert header(first, "Location") == header(second, "Location") == "/a"
        assert len(wecom.calls(INFO)) == 1

    def test_a_code_at_another_apps_callback(self, both):
        """A sign-in through the service account takes no code of WeCom's."""
        client = visit(both, "wechat")
        begun = client.get(login, "/", "")
        state = query_of(header(begun, "Location"))["state"]
        change(both, "clients", "demo", scopes={SERVICE: []})
        assert (
            client.get(
                oauth_callback, f"/{OTHER_WORKBENCH}", f"code=c&state={state}"
            ).status
            == 400
        )

    def test_another_browser_gets_nothing(self, company):
        """The state alone is worth nothing, as with WeChat."""
        page = visit(company).get(login, "/", "")
        stranger = visit(company)

        again = come_back(stranger, page)
        assert "/connect/oauth2/authorize" in header(again, "Location")
        assert "gateway_session" not in str(stranger.cookies)


class TestClients:
    """OpenID Connect for members."""

    def grant(self, gateway, browser="wecom", **changes):
        client = visit(gateway, browser)
        back = come_back(client, client.authorize(OIDC, **changes))
        return query_of(header(back, "Location"))

    def test_known_users_are_the_companys_members(self, company):
        """Without an operator's doing; a linked company's member is a stranger."""
        change(company, "clients", "demo", allow="known")

        assert "code" in self.grant(company)

    def test_a_linked_companys_member_is_not_known(self, company, wecom):
        """WeCom lets such a member in; the client asks an operator."""
        change(company, "clients", "demo", allow="known")
        wecom.rescript(INFO, {"errcode": 0, "userid": f"{OTHER_CORP}/li"})
        client = visit(company)
        back = come_back(client, client.authorize())

        assert back.status == 403
        assert "access_denied" in back.body.decode()

    @pytest.mark.parametrize("chosen", [True, False])
    def test_departments_admit(self, company, wecom, chosen):
        """If the app says that they are groups."""
        change(company, "apps", WORKBENCH, groups_from_departments=chosen)
        change(company, "clients", "demo", allow=[f"{CORP}:department:2"])
        client = visit(company)
        back = come_back(client, client.authorize())

        assert back.status == (303 if chosen else 403)

    def test_the_other_companys_department_admits_nobody(self, company):
        """Its number is the same."""
        change(company, "apps", WORKBENCH, groups_from_departments=True)
        change(company, "clients", "demo", allow=[f"{OTHER_CORP}:department:2"])
        client = visit(company)

        assert come_back(client, client.authorize()).status == 403

    def test_details_are_asked_for_anew_inside_wecom(self, company, wecom):
        """A session from a computer's page knows less than the client may tell."""
        change(company, "apps", WORKBENCH, oauth_scope="snsapi_privateinfo")
        client = visit(company)
        come_back(client, client.get(login, "/", ""))
        assert header(client.authorize(), "Location").startswith("https://open.")

        wecom.rescript(INFO, PRIVATE)
        wecom.script(DETAIL, TOLD)
        come_back(client, client.authorize())
        assert header(client.authorize(state="s-2"), "Location").startswith(BACK)


def test_the_domain_proof_of_wecom(company):
    """WW_verify_X.txt of an app of WeCom is at the root."""
    from functions.wechat_api.index import ROUTES  # noqa: F401 - the route is there
    from functions.wechat_api.root_files import domain_proof

    change(company, "apps", WORKBENCH, domain_proofs={"WW_verify_Ab1.txt": "Ab1"})
    asked = Request("GET", "/WW_verify_Ab1.txt", "", (), b"", "192.0.2.1", "r-1")

    assert domain_proof(asked, company, "WW_verify_Ab1.txt").body == b"Ab1"


def test_no_cookie_of_a_session_for_strangers(company, wecom):
    """LOGIN_CLIENT decides who has a session; the client that asked gets its code."""
    change(company, "clients", "demo", allow=["staff"])
    client = visit(company)
    back = come_back(client, client.get(login, "/", ""))

    assert back.status == 403
    assert "gateway_session" not in str(cookie(back) if _sets(back) else {})


def _sets(response):
    return any(name == "Set-Cookie" for name, _ in response.headers)
