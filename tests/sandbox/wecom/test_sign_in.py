"""Sign-in to a corp: links, the sheet, codes, members and outsiders, QR codes."""

import re
from urllib.parse import urlencode

import pytest

from tests.sandbox.wecom.conftest import BACK, CLIENT, landing


def info(app, code):
    return app.get("auth/getuserinfo", code=code)


def test_a_member_signs_in_silently(own):
    """The code is good once."""
    back = landing(own.open())

    assert back.keys() == {"a", "code", "state"}
    assert back["state"] == "abc123"
    answer = info(own, back["code"])
    assert answer == {"errcode": 0, "errmsg": "ok", "userid": "ZhangSan"}
    assert info(own, back["code"])["errcode"] == 40029


def test_a_code_lives_five_minutes(sandbox, own):
    code = own.code()
    sandbox.control("clock", advance=301)

    assert info(own, code)["errcode"] == 40029
    assert own.get("auth/getuserinfo")["errcode"] == 41008


def test_a_code_is_the_corps(own, other):
    assert info(other, own.code())["errcode"] == 40029


def test_an_outsider_gets_an_openid(sandbox, own, other):
    """The same at the next sign-in, another one at another corp."""
    own.hold(sandbox.user(3))
    answer = info(own, own.code())

    assert "userid" not in answer
    assert answer["openid"].startswith("o")
    assert answer["external_userid"].startswith("wm")
    assert info(own, own.code()) == answer
    assert info(other, other.code())["openid"] != answer["openid"]


def test_the_older_path_has_other_names(sandbox, own):
    member = own.get("user/getuserinfo", code=own.code())
    own.hold(sandbox.user(3))
    outsider = own.get("user/getuserinfo", code=own.code())

    assert (member["UserId"], member["DeviceId"]) == ("ZhangSan", "")
    assert outsider["OpenId"]
    assert "UserId" not in outsider


def test_details_are_what_the_member_agreed_to(sandbox, own, other):
    """By a ticket of half an hour."""
    answer = info(own, own.agree("email", "mobile"))
    ticket = {"user_ticket": answer["user_ticket"]}
    details = own.post("auth/getuserdetail", ticket)

    assert details.keys() == {"errcode", "errmsg", "userid", "mobile", "email"}
    assert other.post("auth/getuserdetail", ticket)["errcode"] == 84015
    assert own.post("auth/getuserdetail", {"user_ticket": "x"})["errcode"] == 84015
    sandbox.control("clock", advance=1801)
    assert own.post("auth/getuserdetail", ticket)["errcode"] == 84014


def test_the_sheet_asks_only_members(sandbox, own):
    assert own.open(scope="snsapi_privateinfo").status == 200
    own.hold(sandbox.user(3))
    assert own.open(scope="snsapi_privateinfo").status == 302


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"appid": "ww0000000000000000"}, "40013"),
        ({"agentid": "1000003"}, "40056"),
        ({"agentid": "contacts"}, "40056"),
        ({"scope": "snsapi_userinfo"}, "scope"),
        ({"scope": "snsapi_privateinfo", "agentid": None}, "41011"),
        ({"state": "a-b"}, "state"),
        ({"state": "a" * 129}, "state"),
        ({"response_type": "token"}, "response_type"),
        ({"redirect_uri": ""}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.2/back"}, "50001"),
    ],
)
def test_links_that_are_refused(own, changes, said):
    reply = own.open(**changes)

    assert reply.status == 200
    assert said in re.search("<main.*</main>", reply.text, re.S)[0]


@pytest.mark.parametrize(
    "changes",
    [{"state": "a" * 128}, {"state": ""}, {"state": None}, {"agentid": None}],
)
def test_links_that_pass(own, changes):
    assert "code" in landing(own.open(**changes))


def test_privateinfo_without_agentid_is_base_by_a_switch(sandbox, own):
    sandbox.control("wecom", privateinfo_without_agentid="base")
    code = landing(own.open(scope="snsapi_privateinfo", agentid=None))["code"]

    assert "user_ticket" not in info(own, code)


@pytest.mark.parametrize(
    ("domain", "url", "trusted"),
    [
        ("a.example.com", "https://a.example.com/x", True),
        ("a.example.com", "https://A.example.com/x", True),
        ("a.example.com", "https://a.example.com:8443/x", False),
        ("a.example.com:8443", "https://a.example.com:8443/x", True),
        ("a.example.com:8443", "https://a.example.com/x", False),
        ("a.example.com", "https://b.a.example.com/x", False),
        ("a.example.com", "https://a.example.com@b.example.com/x", False),
        ("a.example.com", "javascript://a.example.com/x", False),
        ("", "https://a.example.com/x", False),
    ],
)
def test_the_redirect_host_is_exact_with_its_port(own, domain, url, trusted):
    own.change(callback_domain=domain)
    reply = own.open(redirect_uri=url)

    assert (reply.status == 302) is trusted
    assert ("50001" in reply.text) is not trusted


def test_a_code_needs_the_domain_of_the_app_that_changes_it(sandbox, own):
    code = own.code()
    own.change(callback_domain="a.example.com")

    assert info(own, code)["errcode"] == 50001


def test_a_member_outside_the_visible_range_gets_a_page(own):
    own.change(visible=[3])
    reply = own.open()

    assert reply.status == 200
    assert "50002" in reply.text


def test_other_browsers_are_sent_to_the_client(own):
    """In the language that they ask for."""
    zh = own.open(headers={"User-Agent": "Chrome"})
    en = own.open(headers={"User-Agent": "Chrome", "Accept-Language": "en-US,en"})

    assert "请在企业微信客户端打开链接" in zh.text
    assert "Open this link in WeCom" in en.text
    assert 'lang="en"' in en.text


def test_a_refusal_leads_nowhere(sandbox, own):
    headers = {**CLIENT, "Content-Type": "application/x-www-form-urlencoded"}
    query = own.link(scope="snsapi_privateinfo")
    path = "/connect/oauth2/authorize"
    reply = sandbox.post(path, b"answer=refuse", query=query, headers=headers)

    assert reply.status == 200
    assert "已取消授权" in reply.text


def open_login(app, **changes):
    query = {
        "login_type": "CorpApp",
        "appid": app.corpid,
        "agentid": app.agentid,
        "redirect_uri": BACK,
        "state": "any-state_.~",
        **changes,
    }
    return app.sandbox.get("/wwlogin/sso/login", query)


def uuid_of(page):
    return re.search('data-uuid="([0-9a-zA-Z]{16})"', page.text)[1]


def poll(sandbox, uuid, last=408):
    return sandbox.get("/wwlogin/sso/poll", {"uuid": uuid, "last": str(last)}).json()


def test_a_member_signs_in_by_qr_code(sandbox, own):
    """The state may be any text here."""
    uuid = uuid_of(open_login(own))
    picture = sandbox.get("/wwlogin/sso/qrcode", {"uuid": uuid})
    sandbox.control("phone/scan", uuid=uuid)
    scanned = poll(sandbox, uuid)
    back = sandbox.control("phone/confirm", uuid=uuid)["back"]
    done = poll(sandbox, uuid, scanned["last"])

    assert picture.body[:4] == b"\x89PNG"
    assert scanned["status"] == "scanned"
    assert (done["status"], done["back"]) == ("confirmed", back)
    assert back.startswith(BACK + "&code=")
    code = re.search("code=(\\w+)&state=any-state_.~$", back)[1]
    assert info(own, code)["userid"] == "ZhangSan"


def test_whoever_confirms_is_named_by_corp_and_userid(sandbox, own, other):
    """As a member of the other corp one is an outsider here."""
    for name, answered in ((f"{own.corpid}:xiaolu", "userid"), (other, "openid")):
        uuid = uuid_of(open_login(own))
        name = name if isinstance(name, str) else f"{other.corpid}:ZhangSan"
        back = sandbox.control("phone/confirm", uuid=uuid, openid=name)["back"]
        answer = info(own, re.search("code=(\\w+)", back)[1])

        assert answered in answer


def test_a_refused_qr_code_may_be_scanned_again(sandbox, own):
    uuid = uuid_of(open_login(own))
    sandbox.control("phone/refuse", uuid=uuid)

    assert poll(sandbox, uuid)["status"] == "refused"
    sandbox.control("phone/scan", uuid=uuid)
    assert poll(sandbox, uuid)["status"] == "scanned"


def test_one_click_of_the_member_at_the_computer(sandbox, own):
    """Offered to members of the corp only."""
    page = open_login(own, lang="en")
    body = urlencode({"uuid": uuid_of(page)}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = sandbox.post("/wwlogin/sso/quick", body, headers=form)
    again = sandbox.post("/wwlogin/sso/quick", body, headers=form)

    assert "Sign in with one click" in page.text
    assert reply.status == 303
    code = re.search("code=(\\w+)", reply.headers["Location"])[1]
    assert info(own, code)["userid"] == "ZhangSan"
    assert "二维码已失效" in again.text

    own.hold(sandbox.user(3))
    page = open_login(own)
    body = urlencode({"uuid": uuid_of(page)}).encode()
    assert "快速登录" not in page.text
    assert sandbox.post("/wwlogin/sso/quick", body, headers=form).status == 200


def test_an_invisible_member_cannot_confirm(sandbox, own):
    own.change(visible=[3])
    uuid = uuid_of(open_login(own))

    assert sandbox.post("/_sandbox/phone/confirm", {"uuid": uuid}).status == 409


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"login_type": "ServiceApp"}, "login_type"),
        ({"agentid": ""}, "41011"),
        ({"appid": "ww1"}, "40013"),
        ({"redirect_uri": "http://127.0.0.2/"}, "50001"),
    ],
)
def test_login_links_that_are_refused(own, changes, said):
    page = open_login(own, **changes)

    assert "data-uuid" not in page.text
    assert said in page.text


def test_the_phones_page_of_the_qr_code(sandbox, own):
    uuid = uuid_of(open_login(own))
    query = {"uuid": uuid}
    elsewhere = sandbox.get("/wwlogin/sso/confirm", query)
    inside = sandbox.get("/wwlogin/sso/confirm", query, headers=CLIENT)

    assert "请使用企业微信扫码" in elsewhere.text
    assert uuid in inside.text
    assert poll(sandbox, uuid)["status"] == "scanned"
    assert uuid not in sandbox.get("/_sandbox/phone").text.replace(f'"{uuid}"', "")
    assert f'"{uuid}"' in sandbox.get("/_sandbox/phone").text


def test_users_join_and_leave_corps(sandbox, own):
    """By corpid; a userid is one member's."""
    stranger = sandbox.user(3)
    openid = next(iter(stranger["openid"].values()))
    joined = sandbox.control("users", openid=openid, userid={own.corpid: "wang.wu"})

    assert joined["userid"] == {own.corpid: "wang.wu"}
    assert own.get("user/get", userid="Wang.Wu")["errcode"] == 0
    taken = {"openid": openid, "userid": {own.corpid: "zhangsan"}}
    assert sandbox.post("/_sandbox/users", taken).status == 409
    sandbox.control("users", openid=openid, userid={own.corpid: None})
    assert own.get("user/get", userid="wang.wu")["errcode"] == 60111
