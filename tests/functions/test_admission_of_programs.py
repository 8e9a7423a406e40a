"""Users whom a client does not admit, in mini programs and mobile apps."""

from __future__ import annotations

import pytest

from tests.support.known_users import admit_only, enter, reference_on
from tests.support.mini_programs import (
    JSCODE2SESSION,
    OPENID,
    exchange_js_code,
    open_for_business,
    post_js_code,
    visit,
)
from tests.support.mobile_apps import exchange_sdk_code, post_sdk_code, with_mobile_app
from tests.support.scripted_wechat import change
from tests.support.wechat_vectors import APPID


@pytest.fixture
def with_programs(gateway, wechat):
    """A mini program whose users have an openid, and a mobile app."""
    open_for_business(gateway, wechat)


def test_jscode2session(gateway, with_programs):
    """WeChat's own code for a user who is refused; a hint has the reference."""
    admit_only(gateway)
    status, headers, content = exchange_js_code(gateway)

    assert (status, content["errcode"]) == (200, 40226)
    assert content["errmsg"].startswith("code blocked, rid: ")
    assert headers["X-Gateway-Error"] == "not_admitted"
    found = gateway.references.find(reference_on(headers["X-Gateway-Hint"]))
    assert found.sub == OPENID
    enter(gateway, OPENID)
    assert exchange_js_code(gateway)[2]["openid"] == OPENID


def test_nothing_is_stored_of_who_is_refused(gateway, with_programs):
    """Otherwise the client could decrypt the user's data."""
    admit_only(gateway)
    exchange_js_code(gateway)
    client = gateway.registry.client("demo")

    assert gateway.session_keys.find(client, APPID, OPENID) is None
    admit_only(gateway, "anyone")
    exchange_js_code(gateway)
    assert gateway.session_keys.find(client, APPID, OPENID)


def test_a_user_without_the_unionid_that_names_users(gateway, wechat, with_programs):
    """Nobody can be known by it; a client for anyone needs no name."""
    change(gateway, "apps", APPID, subject="unionid")
    wechat.rescript(JSCODE2SESSION, {"session_key": "k" * 22 + "==", "openid": OPENID})
    assert exchange_js_code(gateway)[2]["openid"] == OPENID
    admit_only(gateway)
    status, headers, content = exchange_js_code(gateway)

    assert (status, content["errcode"]) == (200, 48001)
    assert headers["X-Gateway-Error"] == "unionid_missing"


def test_a_session_of_a_mini_program(gateway, with_programs):
    """403 with the reference, which the front end shows."""
    admit_only(gateway)
    status, _, content = post_js_code(gateway)

    assert (status, content["error"]) == (403, "not_admitted")
    assert gateway.references.find(content["reference"]).sub == OPENID
    assert "reference" in content["message"]
    enter(gateway, OPENID)
    assert post_js_code(gateway)[0] == 200


@pytest.mark.case(139)
def test_the_own_services_decide_on_sessions(gateway, with_programs):
    """The token is the cookie in another form: another client is no way in."""
    other = {**gateway.documents.read("clients", "demo").content}
    gateway.documents.write("clients", "shop", other, after=0)
    assert post_js_code(gateway, client_id="shop")[0] == 200
    admit_only(gateway)

    assert post_js_code(gateway, client_id="shop")[0] == 403


def test_a_token_of_before_tells_nobody(gateway, with_programs):
    """Of a session that LOGIN_CLIENT no longer admits."""
    token = post_js_code(gateway)[2]["session_token"]
    asked = {"authorization": f"Bearer {token}"}
    assert visit(gateway, "GET", "/login/me", **asked)[0] == 200
    admit_only(gateway)

    assert visit(gateway, "GET", "/login/me", **asked)[0] == 401


def test_a_mobile_app(gateway, wechat):
    """Below /sns and for a session alike."""
    with_mobile_app(gateway, wechat)
    admit_only(gateway)
    refused = exchange_sdk_code(gateway)
    status, _, content = post_sdk_code(gateway)

    assert refused["errcode"] == 40226
    assert (status, content["error"]) == (403, "not_admitted")
    found = gateway.references.find(content["reference"])
    assert (found.sub, found.name) == ("u-1", "张三")
    enter(gateway, "u-1")
    assert "access_token" in exchange_sdk_code(gateway)
    assert post_sdk_code(gateway)[0] == 200
