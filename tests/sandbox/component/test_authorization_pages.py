"""Authorization pages: who may enter, what the merchant chooses, what goes back."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

WECHAT = "MicroMessenger/8.0.50"
COMPUTER = "/cgi-bin/componentloginpage"
PHONES = ("/safe/bindcomponent", "/wxaopen/safe/bindcomponent")
ENTRY = "http://127.0.0.1:8080/connect/component"
BACK = "http://127.0.0.1:8080/back?a=1"
REFUSED = "授权入口页所在域名"


class Entry:
    """A merchant's browser on a page of the component's host."""

    def __init__(self, component):
        self.component = component
        answer = component.ask("api_create_preauthcode", component.token())
        self.code = answer["pre_auth_code"]

    def open(self, path=COMPUTER, referer=ENTRY, agent="Mozilla/5.0", **changes):
        pairs = {
            "component_appid": self.component.appid,
            "pre_auth_code": self.code,
            "redirect_uri": BACK,
            **({} if path == COMPUTER else {"action": "bindcomponent"}),
            **changes,
        }
        headers = {"User-Agent": agent, **({"Referer": referer} if referer else {})}
        return self.component.sandbox.get(path, urlencode(pairs), headers=headers)

    def uuid(self, **changes):
        """Return the id of a page that a computer shows."""
        page = self.open(**changes)
        found = re.search('data-uuid="([0-9a-zA-Z]+)"', page.text)
        assert found, page.text
        return found[1]

    def decide(self, uuid, *sets, authorizer=None, **more):
        """Allow these permission sets on the phone."""
        order = {"uuid": uuid, "func_info": list(sets), **more}
        order["authorizer"] = authorizer or self.component.merchant
        return self.component.sandbox.post("/_sandbox/phone/merchant", order)


@pytest.fixture
def entry(component):
    """Return a merchant who stands on the component's page."""
    return Entry(component)


def poll(entry, uuid, last="waiting"):
    query = {"uuid": uuid, "last": last}
    return entry.component.sandbox.get(f"{COMPUTER}/poll", query).json()


def test_a_computer_goes_back_with_a_code(entry):
    """The event and the browser carry the same code; the redirect_uri's query stays."""
    uuid = entry.uuid()
    picture = entry.component.sandbox.get(f"{COMPUTER}/qrcode", {"uuid": uuid})
    sheet = entry.component.sandbox.get("/_sandbox/phone/merchant", {"uuid": uuid})
    scanned = poll(entry, uuid)
    decided = entry.decide(uuid, 1, 15).json()
    done = poll(entry, uuid, last="scanned")
    query = dict(parse_qsl(urlsplit(done["back"]).query))
    [event] = entry.component.events()[-1:]
    info = entry.component.exchange(query["auth_code"])

    assert picture.body.startswith(b"\x89PNG")
    assert "青禾书店" in sheet.text
    assert "菜单管理" in sheet.text
    assert scanned == {"status": "scanned", "back": ""}
    assert done == {"status": "done", "back": decided["back"]}
    assert done["back"].startswith(BACK + "&auth_code=queryauthcode")
    assert query["expires_in"] == "600"
    assert (event["InfoType"], event["PreAuthCode"]) == ("authorized", entry.code)
    assert event["AuthorizationCode"] == query["auth_code"]
    assert [1, 15] == [one["funcscope_category"]["id"] for one in info["func_info"]]


@pytest.mark.parametrize("path", PHONES)
def test_a_phone_goes_back_by_itself(entry, path):
    """Inside WeChat the sheet shows at once, and its form leads on."""
    page = entry.open(path, agent=WECHAT)
    uuid = re.search('name="uuid" value="([0-9a-zA-Z]+)"', page.text)[1]
    merchant = entry.component.merchant
    form = {"uuid": uuid, "here": "true", "authorizer": merchant}
    body = urlencode([*form.items(), (f"sets-{merchant}", 1), (f"sets-{merchant}", 2)])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    sandbox = entry.component.sandbox
    moved = sandbox.post("/_sandbox/phone/merchant", body.encode(), headers=headers)

    assert moved.status == 303
    assert moved.headers["Location"].startswith(BACK + "&auth_code=")
    assert "请在微信客户端打开链接" in entry.open(path).text
    assert "请在电脑的浏览器中打开" in entry.open(agent=WECHAT).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"referer": None}, f"{REFUSED}：空"),
        ({"referer": "http://evil.example/"}, f"{REFUSED}：evil.example"),
        ({"referer": "http://127.0.0.1.evil.example/"}, REFUSED),
        ({"redirect_uri": "http://evil.example/"}, f"{REFUSED}：127.0.0.1"),
        ({"component_appid": "wx1"}, "component_appid"),
        ({"pre_auth_code": "preauthcode@@@x"}, "预授权码"),
        ({"auth_type": "9"}, "auth_type"),
        ({"biz_appid": "wx1"}, "biz_appid"),
        ({"category_id_list": "1|"}, "category_id_list"),
    ],
)
def test_a_wrong_way_in_is_a_page(entry, changes, said):
    """The host of the entry page, the redirect_uri and the console's must agree."""
    page = entry.open(**changes)

    assert page.status == 200
    assert said in page.text
    assert "data-uuid" not in page.text


def test_a_late_code_is_refused(entry):
    """The pre_auth_code and the page live ten minutes."""
    uuid = entry.uuid()
    entry.component.sandbox.control("clock", advance=600)

    assert "预授权码" in entry.open().text
    assert poll(entry, uuid)["status"] == "expired"
    assert entry.decide(uuid, 1).status == 409


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["service", "miniprogram"]),
        ({"auth_type": "1"}, ["service"]),
        ({"auth_type": "2"}, ["miniprogram"]),
        ({"auth_type": "1", "biz_appid": "miniprogram"}, ["miniprogram"]),
        ({"category_id_list": "18|99"}, ["miniprogram"]),
    ],
)
def test_the_accounts_to_choose_from(entry, changes, kinds):
    """By auth_type, by biz_appid, which wins, and by permission sets."""
    sandbox = entry.component.sandbox
    if "biz_appid" in changes:
        changes = {**changes, "biz_appid": sandbox.app(changes["biz_appid"])["appid"]}
    uuid = entry.uuid(**changes)
    sheet = sandbox.get("/_sandbox/phone/merchant", {"uuid": uuid}).text
    shown = [
        kind
        for kind in ("service", "miniprogram")
        if sandbox.app(kind)["appid"] in sheet
    ]

    assert shown == kinds


def test_only_what_is_offered_can_be_allowed(entry):
    """Another account and other permission sets are refused, and nothing happens."""
    uuid = entry.uuid(auth_type="1", category_id_list="1|15")
    other = entry.component.sandbox.app("miniprogram")["appid"]

    assert entry.decide(uuid, 18, authorizer=other).status == 400
    assert entry.decide(uuid, 2).status == 400
    assert entry.decide(uuid).status == 400
    assert entry.decide(uuid, 15).status == 200
    assert entry.decide(uuid, 15).status == 409


def test_a_second_consent_updates_or_tells_nothing(entry):
    """Other sets are told as updateauthorized, the same ones not at all."""
    for sets in ((1,), (1, 2), (2, 1)):
        entry.decide(entry.uuid(), *sets)
    kinds = [event["InfoType"] for event in entry.component.events()]

    assert kinds[-2:] == ["authorized", "updateauthorized"]
    assert len(kinds) == 3  # the first was the ticket


def test_the_event_may_be_lost_or_carry_another_code(entry):
    """Both codes can be exchanged; the one that came back lives ten minutes."""
    silent = entry.decide(entry.uuid(), 1, event=False).json()
    two = entry.decide(entry.uuid(), 1, 2, one_code=False).json()
    codes = [silent["auth_code"], two["authorization_code"]]
    exchanged = [entry.component.exchange(code) for code in codes]
    entry.component.sandbox.control("clock", advance=600)

    assert silent["push"] is None
    assert two["auth_code"] != two["authorization_code"]
    assert [one["authorizer_appid"] for one in exchanged] == [
        entry.component.merchant
    ] * 2
    assert entry.component.exchange(two["auth_code"])["errcode"] == 61010
