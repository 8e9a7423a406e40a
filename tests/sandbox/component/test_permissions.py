"""Permission sets: what an account did not grant is 61007; answers without effect."""

import pytest


def call(component, info, method, path, body=None):
    """Call an API of the account and return its answer."""
    token = info["authorizer_access_token"]
    query = {"access_token": token}
    return component.sandbox.call(method, path, query, body=body).json()


@pytest.mark.parametrize(
    ("granted", "method", "path"),
    [
        (15, "GET", "/cgi-bin/menu/get"),
        (2, "GET", "/cgi-bin/user/get"),
        (2, "GET", "/cgi-bin/tags/get"),
        (4, "GET", "/cgi-bin/ticket/getticket"),
        (7, "GET", "/cgi-bin/template/get_all_private_template"),
        (11, "GET", "/cgi-bin/material/get_materialcount"),
        (1, "POST", "/cgi-bin/message/custom/send"),
    ],
)
def test_a_call_needs_its_permission_set(component, granted, method, path):
    """Another set does not open it; the account's own token needs none."""
    other = 15 if granted != 15 else 2
    lacking = component.exchange(component.authorize(other)["authorization_code"])
    refused = call(component, lacking, method, path, {})
    having = component.exchange(
        component.authorize(granted, action="update")["authorization_code"]
    )
    allowed = call(component, having, method, path, {})
    own = {"authorizer_access_token": component.sandbox.token()}

    assert refused["errcode"] == 61007
    assert refused["errmsg"].startswith("api is unauthorized to component")
    assert allowed.get("errcode") != 61007
    assert call(component, own, method, path, {}).get("errcode") != 61007


def test_a_path_without_a_set_is_open(component):
    """Such as the tools for addresses and quotas."""
    info = component.exchange(component.authorize(1)["authorization_code"])

    assert "ip_list" in call(component, info, "GET", "/cgi-bin/getcallbackip")


def test_code_management_only_answers(component):
    """With set 18 of a mini program; never with the mini program's own token."""
    program = component.sandbox.app("miniprogram")["appid"]
    code = component.authorize(18, authorizer=program)["authorization_code"]
    info = component.exchange(code)
    own = {"authorizer_access_token": component.sandbox.token("miniprogram")}
    template = {"template_id": "1", "ext_json": "{}", "user_version": "1"}

    assert call(component, info, "POST", "/wxa/commit", template)["errcode"] == 0
    assert call(component, info, "POST", "/wxa/submit_audit", {})["auditid"] > 0
    assert call(component, own, "POST", "/wxa/release", {})["errcode"] == 86000
    code = component.authorize(19, authorizer=program, action="update")
    lacking = component.exchange(code["authorization_code"])

    assert call(component, lacking, "POST", "/wxa/release", {})["errcode"] == 61007


def test_templates_and_registrations_take_the_components_token(component):
    """An account's token is 61014."""
    token = {"authorizer_access_token": component.token()}
    info = component.exchange(component.authorize(1)["authorization_code"])
    path = "/cgi-bin/component/fastregisterweapp"
    body = {"name": "青禾"}
    query = {"component_access_token": component.token(), "action": "create"}
    registered = component.sandbox.post(path, body, query=query).json()
    query["component_access_token"] = info["authorizer_access_token"]
    refused = component.sandbox.post(path, body, query=query).json()

    assert call(component, token, "GET", "/wxa/gettemplatelist")["template_list"] == []
    assert call(component, info, "GET", "/wxa/gettemplatelist")["errcode"] == 61014
    assert (registered["errcode"], refused["errcode"]) == (0, 61014)


def test_the_quota_is_cleared_by_the_components_secret(component):
    """For the component itself and its accounts, and for nobody else."""
    component.authorize(1)

    def clear(**changes):
        fields = {"appid": component.merchant, "appsecret": component.secret}
        return component.ask("clear_quota/v2", **{**fields, **changes})["errcode"]

    other = component.sandbox.app("miniprogram")["appid"]

    assert clear() == clear(appid=component.appid) == 0
    assert clear(appid=other) == 61003
    assert clear(appsecret="x") == 40125
    assert clear(appid="wx1") == 40013
