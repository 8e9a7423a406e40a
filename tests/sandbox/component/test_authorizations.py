"""Authorisations: their events, one-time codes, tokens, and what ends them."""

import pytest

REFRESH = "authorizer_refresh_token"


def business(component, token):
    """Call an API of the account with a token; return its errcode."""
    query = {"access_token": token}
    return (
        component.sandbox.get("/cgi-bin/getcallbackip", query).json().get("errcode", 0)
    )


def renew(component, refresh_token, **changes):
    fields = {"authorizer_appid": component.merchant, REFRESH: refresh_token}
    return component.ask(
        "api_authorizer_token", component.token(), **{**fields, **changes}
    )


def test_an_authorisation_is_told_and_exchanged(component):
    """The event carries the code, the exchange the tokens and permission sets."""
    result = component.authorize(1, 15)
    [event] = component.events()
    info = component.exchange(result["authorization_code"])

    assert int(event.pop("CreateTime")) + 3600 == result["expires_at"]
    assert event.pop("PreAuthCode").startswith("preauthcode@@@")
    assert event == {
        "AppId": component.appid,
        "InfoType": "authorized",
        "AuthorizerAppid": component.merchant,
        "AuthorizationCode": result["authorization_code"],
        "AuthorizationCodeExpiredTime": str(result["expires_at"]),
    }
    assert result["authorization_code"].startswith("queryauthcode@@@")
    assert result["push"]["error"] is None
    assert info[REFRESH].startswith("refreshtoken@@@")
    assert (component.merchant, 7200) == (info["authorizer_appid"], info["expires_in"])
    assert [1, 15] == [each["funcscope_category"]["id"] for each in info["func_info"]]
    assert business(component, info["authorizer_access_token"]) == 0


def test_a_code_works_once_and_for_an_hour(sandbox, component):
    """61009 for a used or a wrong one, 61010 for a late one."""
    used, late = (component.authorize(1)["authorization_code"] for _ in range(2))
    pre_auth_code = component.ask("api_create_preauthcode", component.token())
    component.exchange(used)
    sandbox.control("clock", advance=3600)
    wrong = [used, "queryauthcode@@@x", None, pre_auth_code["pre_auth_code"], 1]

    assert [61009] * 5 == [component.exchange(code)["errcode"] for code in wrong]
    assert component.exchange(late)["errcode"] == 61010


def test_a_code_of_another_component_is_61009(sandbox, component):
    """Codes are for the component that was authorised."""
    other = sandbox.control("apps", kind="component")
    order = {"action": "authorize", "authorizer": component.merchant}
    result = sandbox.control("component", appid=other["appid"], func_info=[1], **order)

    assert result["push"]["error"] == "the app has no callback_url"
    assert component.exchange(result["authorization_code"])["errcode"] == 61009


def test_a_refresh_token_renews(sandbox, component):
    """It stays the same; the former access token has its overlap."""
    info = component.exchange(component.authorize(1)["authorization_code"])
    renewed = renew(component, info[REFRESH])
    tokens = [info["authorizer_access_token"], renewed["authorizer_access_token"]]
    at_once = [business(component, token) for token in tokens]
    sandbox.control("clock", advance=300)
    later = [business(component, token) for token in tokens]

    assert renewed[REFRESH] == info[REFRESH]
    assert (at_once, later) == ([0, 0], [40001, 0])


def test_wrong_refresh_tokens_are_61023(component):
    """As one is that nobody exchanged a code for; another account's is 61003."""
    component.authorize(1)
    unknown = renew(component, "refreshtoken@@@x")
    info = component.exchange(component.authorize(1)["authorization_code"])
    empty = renew(component, None)
    other = component.sandbox.app("miniprogram")["appid"]
    elsewhere = renew(component, info[REFRESH], authorizer_appid=other)

    assert [61023, 61023, 61003] == [
        answer["errcode"] for answer in (unknown, empty, elsewhere)
    ]


def test_the_accounts_own_tokens_are_apart(component):
    """Neither kind retires the other."""
    own = component.sandbox.token()
    info = component.exchange(component.authorize(1)["authorization_code"])
    component.authorize(1, 2, action="update")

    assert business(component, own) == 0
    assert business(component, info["authorizer_access_token"]) == 40001


def test_other_permission_sets_end_the_token(component):
    """`updateauthorized` comes with a code; the refresh token stays."""
    info = component.exchange(component.authorize(1)["authorization_code"])
    same = component.authorize(1, action="update")
    kept = business(component, info["authorizer_access_token"])
    changed = component.authorize(1, 2, action="update")
    events = [event["InfoType"] for event in component.events()]
    again = component.exchange(changed["authorization_code"])

    assert ({"push": None}, 0) == (same, kept)
    assert events.count("updateauthorized") == 1
    assert business(component, info["authorizer_access_token"]) == 40001
    assert business(component, again["authorizer_access_token"]) == 0
    assert again[REFRESH] == info[REFRESH]


def test_a_withdrawal_ends_everything(component):
    """Token 61003, refresh token 61003, codes 61009; a new consent is a new chain."""
    result = component.authorize(1)
    info = component.exchange(result["authorization_code"])
    open_code = component.authorize(1)["authorization_code"]
    component.act("unauthorize", authorizer=component.merchant)
    event = component.events()[-1]
    ended = [
        business(component, info["authorizer_access_token"]),
        renew(component, info[REFRESH])["errcode"],
        component.exchange(open_code)["errcode"],
    ]
    anew = component.exchange(component.authorize(1)["authorization_code"])
    del event["CreateTime"]

    assert event == {
        "AppId": component.appid,
        "InfoType": "unauthorized",
        "AuthorizerAppid": component.merchant,
    }
    assert ended == [61003, 61003, 61009]
    assert anew[REFRESH] != info[REFRESH]
    assert renew(component, info[REFRESH])["errcode"] == 61023


def test_another_address_may_not_act_for_an_account(sandbox, component):
    """The component's list counts for the tokens it got."""
    info = component.exchange(component.authorize(1)["authorization_code"])
    sandbox.control("apps", appid=component.appid, ip_whitelist=["10.0.0.1"])

    assert business(component, info["authorizer_access_token"]) == 61004
    assert business(component, sandbox.token()) == 0


@pytest.mark.parametrize("parameter", ["component_access_token", "access_token"])
def test_tokens_of_the_other_kind_are_refused(component, parameter):
    """61014 on the component's API, 61015 on an account's; 41021 without one."""
    token = component.token()
    info = component.exchange(component.authorize(1)["authorization_code"], token)

    def ask(token, **changes):
        answer = component.ask("api_create_preauthcode", token, parameter, **changes)
        return answer.get("errcode", 0)

    menu = component.sandbox.get("/cgi-bin/menu/get", {"access_token": token})
    outcomes = [
        ask(token),
        ask(info["authorizer_access_token"]),
        ask(component.sandbox.token()),
        ask(None),
        ask("x"),
        ask(token, component_appid=None),
        ask(token, component_appid="wx1"),
    ]

    assert outcomes == [0, 61014, 61014, 41021, 40001, 41018, 61011]
    assert menu.json()["errcode"] == 61015


def test_the_journal_names_whose_token_it_was(component):
    """For both names of the parameter, and for what was fetched."""
    component.exchange(component.authorize(1)["authorization_code"])
    path = "/cgi-bin/component/api_query_auth"
    [entry] = component.sandbox.journal(path=path)

    assert entry["appid"] == component.appid
    assert entry["token_id"]
    assert entry["query"] == {"component_access_token": "***"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"action": "dance"}, 400),
        ({"func_info": []}, 400),
        ({"func_info": [True]}, 400),
        ({"authorizer": "wx1"}, 400),
        ({"deadline": 9}, 400),
        ({"pre_auth_code": "preauthcode@@@x"}, 409),
        ({"action": "update"}, 409),
        ({"action": "unauthorize"}, 409),
    ],
)
def test_a_wrong_order_is_refused(component, changes, status):
    """With a sentence, and nothing is pushed."""
    order = {
        "appid": component.appid,
        "action": "authorize",
        "authorizer": component.merchant,
        "func_info": [1],
        **changes,
    }
    reply = component.sandbox.post("/_sandbox/component", order)

    assert reply.status == status
    assert reply.json()["error"]
    assert [] == component.events()


def test_an_opened_page_s_code_comes_back(sandbox, component):
    """The event names the pre_auth_code while it lives: ten minutes."""
    code = component.ask("api_create_preauthcode", component.token())
    order = {"authorizer": component.merchant, "func_info": [1]}
    order["pre_auth_code"] = code["pre_auth_code"]
    component.act("authorize", **order)
    sandbox.control("clock", advance=code["expires_in"])
    body = {"appid": component.appid, "action": "authorize", **order}

    assert order["pre_auth_code"] in [
        event.get("PreAuthCode") for event in component.events()
    ]
    assert sandbox.post("/_sandbox/component", body).status == 409


def test_a_component_gets_no_json(component):
    """Neither by the control plane nor otherwise."""
    order = {"appid": component.appid, "format": "json", "message": {"a": "b"}}

    assert component.sandbox.post("/_sandbox/push", order).status == 400


def test_another_refresh_token_when_told_so(component):
    """Once, with the next access token; the one before is dead."""
    token = component.token()
    code = component.authorize(1)["authorization_code"]
    old = component.exchange(code, token)["authorizer_refresh_token"]

    def renewed(refresh_token):
        fields = {"authorizer_appid": component.merchant}
        return component.ask(
            "api_authorizer_token",
            token,
            authorizer_refresh_token=refresh_token,
            **fields,
        )

    assert renewed(old)["authorizer_refresh_token"] == old
    component.act("rotate", authorizer=component.merchant)
    new = renewed(old)["authorizer_refresh_token"]

    assert new != old
    assert renewed(old)["errcode"] == 61023
    assert renewed(new)["authorizer_refresh_token"] == new
