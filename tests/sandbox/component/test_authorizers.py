"""Authorizers: the account's data, the list in pages, and options."""

import pytest

MISSING = {"authorizer_appid": None}


@pytest.fixture
def token(component):
    return component.token()


def test_the_refresh_token_shows_after_an_exchange(component, token):
    """Before it is empty in the info and missing in the list."""
    result = component.authorize(1, 2)

    def look():
        query = {"authorizer_appid": component.merchant}
        info = component.ask("api_get_authorizer_info", token, **query)
        page = component.ask("api_get_authorizer_list", token, offset=0, count=500)
        return info, page

    info, page = look()
    exchanged = component.exchange(result["authorization_code"], token)
    info_after, page_after = look()
    refresh_token = exchanged["authorizer_refresh_token"]

    assert info["authorization_info"] == {
        "authorizer_appid": component.merchant,
        "authorizer_refresh_token": "",
        "func_info": exchanged["func_info"],
    }
    assert ["authorizer_appid", "auth_time"] == list(page["list"][0])
    assert refresh_token == info_after["authorization_info"]["authorizer_refresh_token"]
    assert refresh_token == page_after["list"][0]["refresh_token"]


def test_what_an_account_is(sandbox, component, token):
    """A mini program has its own part; an account without consent is 61003."""
    service, mini = sandbox.app("service"), sandbox.app("miniprogram")
    component.authorize(1)
    component.authorize(18, authorizer=mini["appid"])

    def info(appid):
        fields = {"authorizer_appid": appid}
        return component.ask("api_get_authorizer_info", token, **fields)

    first, second = (info(app["appid"])["authorizer_info"] for app in (service, mini))

    assert (service["name"], service["original_id"], 2) == (
        first["nick_name"],
        first["user_name"],
        first["service_type_info"]["id"],
    )
    assert "MiniProgramInfo" not in first
    assert second["MiniProgramInfo"]["network"]["RequestDomain"] == []
    assert info(sandbox.app("website")["appid"])["errcode"] == 61003


def test_the_list_comes_in_pages(sandbox, component, token):
    """In the order of consent; 40170 above 500, 47001 for no numbers."""
    appids = [component.merchant]
    appids += [sandbox.control("apps", kind="service")["appid"] for _ in range(4)]
    for appid in appids:
        component.authorize(1, authorizer=appid)

    def page(offset, count):
        fields = {"offset": offset, "count": count}
        return component.ask("api_get_authorizer_list", token, **fields)

    pages = [page(offset, 2) for offset in (0, 2, 4, 6)]
    listed = [one["authorizer_appid"] for each in pages for one in each["list"]]

    assert {5} == {each["total_count"] for each in pages}
    assert [2, 2, 1, 0] == [len(each["list"]) for each in pages]
    assert listed == appids
    assert page(0, 501)["errcode"] == 40170
    assert [47001] * 3 == [
        page(*wrong)["errcode"] for wrong in ((None, 1), ("0", 1), (-1, 1))
    ]


@pytest.mark.parametrize("prefix", ["", "api_"])
def test_options_by_either_token(component, token, prefix):
    """The account's token needs no appids, the component's names the account."""
    code = component.authorize(1)["authorization_code"]
    own = component.exchange(code, token)["authorizer_access_token"]
    option = {"option_name": "location_report"}
    named = {**option, "authorizer_appid": component.merchant}

    def ask(verb, token, **fields):
        path = f"/cgi-bin/component/{prefix}{verb}_authorizer_option"
        query = {"access_token": token}
        return component.sandbox.post(path, fields, query=query).json()

    before = ask("get", own, **option)
    changed = ask("set", own, **option, option_value="2")
    by_component = {"component_appid": component.appid, **named}

    assert before == {**named, "option_value": "0"}
    assert changed["errmsg"] == "ok"
    assert ask("get", token, **by_component) == {**named, "option_value": "2"}
    assert ask("get", own, option_name="x")["errcode"] == 61012
    assert ask("set", own, **option, option_value="3")["errcode"] == 61013
    assert ask("get", token, **{**by_component, **MISSING})["errcode"] == 61003
    assert ask("get", component.sandbox.token(), **option)["errcode"] == 61014
