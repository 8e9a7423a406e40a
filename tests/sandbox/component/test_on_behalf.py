"""Sign-in on behalf: a component's link and its calls for an account's users."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

WECHAT = {"User-Agent": "MicroMessenger/8.0.50"}


@pytest.fixture
def account(component):
    """The service account, which authorised the component."""
    component.authorize(1, 4)
    return component.sandbox.app("service")


def open_link(component, account, component_appid=None, back="http://127.0.0.1/b?a=1"):
    pairs = {
        "appid": account["appid"],
        "redirect_uri": back,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc",
        "component_appid": component_appid or component.appid,
    }
    link = urlencode(pairs)
    return component.sandbox.get("/connect/oauth2/authorize", link, headers=WECHAT)


def code_of(reply):
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))


def ask(component, name, **fields):
    query = {
        "component_appid": component.appid,
        "component_access_token": component.token(),
        "grant_type": "authorization_code",
        **fields,
    }
    wanted = {name: value for name, value in query.items() if value is not None}
    return component.sandbox.get(f"/sns/{name}", wanted).json()


def exchange(component, account, code, **changes):
    fields = {"appid": account["appid"], "code": code, **changes}
    return ask(component, "oauth2/component/access_token", **fields)


def test_a_user_signs_in_by_the_components_link(component, account):
    """The account's appid comes back, and the component changes the code."""
    back = code_of(open_link(component, account))
    answer = exchange(component, account, back["code"])
    renewed = ask(
        component,
        "oauth2/component/refresh_token",
        appid=account["appid"],
        grant_type="refresh_token",
        refresh_token=answer["refresh_token"],
    )
    again = exchange(component, account, back["code"])
    openid = component.sandbox.user()["openid"][account["appid"]]

    assert ("1", "abc", account["appid"]) == (back["a"], back["state"], back["appid"])
    assert (openid, "snsapi_base") == (answer["openid"], answer["scope"])
    assert renewed["openid"] == openid
    assert again["errcode"] == 40163


def test_the_links_host_is_the_components(component, account):
    """Not the account's; and without an authorisation there is no link."""
    sandbox = component.sandbox
    sandbox.control("apps", appid=account["appid"], callback_domain="example.com")
    good = open_link(component, account)
    wrong = open_link(component, account, back="http://example.com/")
    other = open_link(component, account, "wx1", back="http://example.com/")
    component.act("unauthorize", authorizer=account["appid"])
    sandbox.control("apps", appid=account["appid"], callback_domain="127.0.0.1")
    ended = open_link(component, account)

    assert good.status == 302
    assert "10003" in wrong.text
    assert "10015" in other.text
    assert "10015" in ended.text


def test_a_code_is_good_on_its_own_way_only(component, account, visit):
    """The account's own code is not the component's, and the other way round."""
    own = visit.code()
    theirs = code_of(open_link(component, account))["code"]

    assert exchange(component, account, own)["errcode"] == 40029
    assert visit.change(theirs)["errcode"] == 40029


def test_a_mini_programs_user_signs_in(component):
    """With the component's token; 61003 before the mini program authorises."""
    mini = component.sandbox.app("miniprogram")["appid"]

    def login(**changes):
        code = component.sandbox.control("js_code", appid=mini)["code"]
        fields = {"appid": mini, "js_code": code, **changes}
        return ask(component, "component/jscode2session", **fields)

    before = login()
    component.authorize(18, 20, authorizer=mini)
    session = login()

    assert before["errcode"] == 61003
    assert session["openid"] == component.sandbox.user()["openid"][mini]
    assert session["session_key"]
    assert login(js_code=None)["errcode"] == 41008
    assert login(grant_type="x")["errcode"] == 40002


def test_what_is_wrong_with_a_call_is_named(component, account):
    """Token, component, account and address are each looked at."""
    info = component.exchange(component.authorize(1, 4)["authorization_code"])
    sandbox, name = component.sandbox, "component_access_token"
    other = sandbox.control("apps", kind="component")["appid"]

    def outcome(**changes):
        return exchange(component, account, **{"code": "x", **changes})["errcode"]

    outcomes = [
        outcome(component_appid=None),
        outcome(**{name: None}),
        outcome(**{name: "x"}),
        outcome(**{name: info["authorizer_access_token"]}),
        outcome(**{name: sandbox.token()}),
        outcome(component_appid=other),
        outcome(appid=None),
        outcome(appid="wx1"),
        outcome(code=None),
        outcome(),
    ]
    token = component.token()
    sandbox.control("apps", appid=component.appid, ip_whitelist=["10.0.0.1"])
    query = {"component_appid": component.appid, name: token}
    refused = sandbox.get("/sns/component/jscode2session", query).json()

    assert outcomes == [
        *(41018, 41021, 40001, 48001, 40090),
        *(40094, 41002, 40013, 41008, 40029),
    ]
    assert refused["errcode"] == 40090
    assert "bad client ip), requestIP: 127.0.0.1, rid: " in refused["errmsg"]
