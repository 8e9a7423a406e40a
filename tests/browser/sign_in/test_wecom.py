"""Sign-in with WeCom in Chromium: inside its client and on a computer."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.conftest import register
from tests.browser.sign_in.service import Service
from tests.browser.sign_in.user import IN_WECHAT, ON_DESKTOP

IN_WECOM = {**IN_WECHAT, "user_agent": IN_WECHAT["user_agent"] + " wxwork/4.1.20"}


@pytest.fixture(scope="session")
def corps(shared_host):
    """The apps of the two companies that have an agentid."""
    apps = shared_host.sandbox("GET", "/_sandbox/apps")
    return [app for app in apps if app["kind"] == "wecom" and app["agentid"]]


@pytest.fixture(scope="session")
def office(shared_host, corps):
    """A service for the members of one company, and for nobody else."""
    with Service(shared_host.url) as running:
        more = ("--allow=known",)
        appids = [corps[0]["appid"]]
        running.client = register(shared_host, "Office", running, appids, more=more)
        yield running


@pytest.fixture(scope="session")
def other_office(shared_host, corps):
    """The same of the other company."""
    with Service(shared_host.url) as running:
        appids = [corps[1]["appid"]]
        running.client = register(shared_host, "Other office", running, appids)
        yield running


@pytest.fixture(scope="session")
def open_shop(shared_host, corps):
    """A service for members and for everybody who has WeChat."""
    kinds = ("service", "website")
    with Service(shared_host.url) as running:
        appids = [shared_host.app(kind)["appid"] for kind in kinds]
        appids += [corps[0]["appid"]]
        running.client = register(shared_host, "Open shop", running, appids)
        yield running


def member_of(host, corps, number):
    """Return the first user who is ZhangSan in this company."""
    corpid = corps[number]["corpid"]
    users = host.sandbox("GET", "/_sandbox/users")
    return next(u for u in users if u.get("userid", {}).get(corpid) == "ZhangSan")


def hold_the_phone(host, user):
    """Let this user have the phone, and WeCom at the computer."""
    openid = next(iter(user["openid"].values()))
    host.sandbox("POST", "/_sandbox/phone/holder", {"openid": openid})


def signed_in(service, tab):
    tab.wait_for_url(lambda seen: seen.startswith(f"{service.url}/signed_in"))


def test_inside_wecom_nothing_is_asked(host, new_user, office, corps):
    """One address leads to the service, with the member of the company."""
    hold_the_phone(host, member_of(host, corps, 0))
    phone = new_user(**IN_WECOM)
    phone.open(f"{office.url}/oidc")
    signed_in(office, phone.tab)
    told = phone.told()

    assert told["sub"] == f"{corps[0]['corpid']}:zhangsan"
    assert told["wecom_userid"] == "ZhangSan"
    assert told["preferred_username"].startswith("zhangsan")
    assert not any(name.startswith("wechat_") for name in told)


def test_two_companies_with_the_same_userid(
    host, new_user, office, other_office, corps
):
    """Two users, each with the sub of the own company."""
    subs = []
    for number, service in enumerate((office, other_office)):
        hold_the_phone(host, member_of(host, corps, number))
        phone = new_user(**IN_WECOM)
        phone.open(f"{service.url}/oidc")
        signed_in(service, phone.tab)
        subs.append(phone.told()["sub"])

    assert subs == [f"{corp['corpid']}:zhangsan" for corp in corps]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_computer_by_keyboard(host, new_user, office, corps, scripts):
    """Our page needs no script; WeCom's own one takes one click here."""
    hold_the_phone(host, member_of(host, corps, 0))
    user = new_user(**ON_DESKTOP, java_script_enabled=scripts)
    user.open(f"{office.url}/oidc")
    link = user.tab.get_by_role("link", name="Continue with WeCom")
    link.focus()
    user.tab.keyboard.press("Enter")
    user.tab.get_by_role("button", name="Sign in with one click").click()
    signed_in(office, user.tab)

    assert user.told()["sub"] == f"{corps[0]['corpid']}:zhangsan"


def test_the_way_is_chosen_by_the_browser(host, new_user, open_shop, corps):
    """WeCom inside WeCom, WeChat inside WeChat, and both of them elsewhere."""
    hold_the_phone(host, member_of(host, corps, 0))
    inside, chat, computer = new_user(**IN_WECOM), new_user(**IN_WECHAT), new_user()
    inside.open(f"{open_shop.url}/oidc")
    signed_in(open_shop, inside.tab)
    assert "wecom_userid" in inside.told()
    chat.open(f"{open_shop.url}/oidc")
    chat.agree()
    signed_in(open_shop, chat.tab)
    assert "wechat_openid" in chat.told()

    computer.open(f"{open_shop.url}/oidc")
    assert computer.qr()
    expect(computer.tab.get_by_role("link", name="Continue with WeCom")).to_be_visible()


def test_who_is_in_no_company(host, new_user, office):
    """A page that says so, from which the service learns that access is denied."""
    users = host.sandbox("GET", "/_sandbox/users")
    hold_the_phone(host, next(user for user in users if not user.get("userid")))
    phone = new_user(**IN_WECOM)
    phone.open(f"{office.url}/oidc")

    expect(phone.tab.locator("main")).to_contain_text("People outside the company")
    assert not phone.is_signed_in()
    phone.tab.get_by_role("link", name="Office").click()
    assert phone.told() == {"problem": "access_denied"}


def test_a_member_outside_the_visible_range(host, new_user, office, corps):
    """WeCom says it on a page of its own, and nobody is signed in."""
    appid = corps[0]["appid"]
    hold_the_phone(host, member_of(host, corps, 0))
    host.sandbox("POST", "/_sandbox/apps", {"appid": appid, "visible": [3]})
    phone = new_user(**IN_WECOM)
    phone.open(f"{office.url}/oidc")

    assert phone.tab.url.startswith(host.sandbox_url)
    assert not phone.is_signed_in()


def test_wecoms_own_protocol(host, new_user, office, corps):
    """As an SDK of WeCom's speaks it, with other hosts: code, member, and details."""
    corpid, agentid = corps[0]["corpid"], corps[0]["agentid"]
    hold_the_phone(host, member_of(host, corps, 0))
    pairs = {
        "appid": corpid,
        "redirect_uri": f"{office.url}/signed_in",
        "response_type": "code",
        "scope": "snsapi_privateinfo",
        "state": "a-1",
        "agentid": agentid,
    }
    phone = new_user(**IN_WECOM)
    phone.open(f"/connect/oauth2/authorize?{urlencode(pairs)}#wechat_redirect")
    phone.tab.get_by_role("button", name="Agree").click()
    signed_in(office, phone.tab)
    came = parse_qs(urlsplit(phone.tab.url).query)
    assert came["state"] == ["a-1"]

    def call(method, path, content=None, **pairs):
        url = f"{host.url}{path}?{urlencode(pairs)}"
        answer = host.http.request(method, url, json=content).json()
        assert answer["errcode"] == 0, answer
        return answer

    secret = office.client["secret"]
    token = call("GET", "/cgi-bin/gettoken", corpid=corpid, corpsecret=secret)
    token = {"access_token": token["access_token"]}
    path = "/cgi-bin/auth/getuserinfo"
    who = call("GET", path, code=came["code"][0], **token)
    ticket = {"user_ticket": who["user_ticket"]}
    told = call("POST", "/cgi-bin/auth/getuserdetail", ticket, **token)

    assert who["userid"] == told["userid"] == "ZhangSan"
    assert told["biz_mail"] == f"zhangsan@{corpid}.example.com"
    assert told["mobile"]
