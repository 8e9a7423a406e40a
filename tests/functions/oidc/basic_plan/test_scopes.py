"""The plan's modules about scopes and claims."""

from __future__ import annotations

import json

import pytest

from tests.functions.oidc.basic_plan.relying_party import RelyingParty
from tests.support.company import (
    DETAIL,
    IN_WECOM,
    INFO,
    MembersBrowser,
    add_company,
    come_back,
    scripted_wecom,
)
from tests.support.scripted_wechat import HTML

pytestmark = pytest.mark.case(105)
PROFILE = {"name", "nickname", "preferred_username", "locale", "updated_at"}
WECHATS = {"wechat_openid", "wechat_unionid", "wechat_appid"}
WECOMS = {"wecom_corpid", "wecom_userid", "wecom_agentid"}


def told(party, scope, **changes):
    """Return the names of what userinfo and the ID token tell of the user."""
    signed_in = party.sign_in(scope=scope, **changes)
    userinfo = party.userinfo(signed_in.tokens)
    assert userinfo.items() <= signed_in.claims.items()
    return set(userinfo) - {"sub"} - WECHATS


def test_oidcc_scope_profile(party):
    """What WeChat knows of a profile."""
    assert told(party, "openid profile") == PROFILE


def test_oidcc_scope_email(party):
    """An address that the gateway makes up for the client, never called verified."""
    assert {"email", "email_verified"} == told(party, "openid email")


def not_offered(party, scope):
    """Tell whether the metadata leaves the scope out, so that the plan skips it."""
    return scope not in party.metadata["scopes_supported"]


@pytest.mark.case(102)
def test_oidcc_scope_address(party):
    """WeChat tells none: not offered, and to ask for it all the same is no error."""
    assert not_offered(party, "address")
    assert set() == told(party, "openid address")


@pytest.fixture
def member(party, gateway):
    """The client with an app of WeCom, and a member who agrees to tell a number."""
    wecom = scripted_wecom()
    add_company(gateway, wecom, oauth_scope="snsapi_privateinfo")
    known = {"errcode": 0, "userid": "ZhangSan"}
    wecom.rescript(INFO, {**known, "user_ticket": "t-1"})
    wecom.script(DETAIL, {**known, "mobile": "13800000000"})
    return RelyingParty(gateway, browser=InWeCom(gateway, headers=(*HTML, *IN_WECOM)))


class InWeCom(MembersBrowser):
    """Comes back from WeCom."""

    def agree(self, response):
        return come_back(self, response)


@pytest.mark.case(102)
def test_oidcc_scope_phone(member):
    """A member's number as a string; WeCom says of none whether it is verified.

    The plan wants `phone_number_verified`, too: a warning of the plan's, no failure.
    """
    assert "phone" in member.metadata["scopes_supported"]
    signed_in = member.sign_in(scope="openid phone")
    userinfo = member.userinfo(signed_in.tokens)
    assert userinfo.keys() == {"sub", "phone_number", *WECOMS}
    assert userinfo["phone_number"] == "13800000000"
    assert userinfo.items() <= signed_in.claims.items()


@pytest.mark.case(102)
def test_the_scope_phone_of_a_user_of_wechat(party):
    """WeChat tells none to web pages; to ask for it all the same is no error."""
    assert set() == told(party, "openid phone")


@pytest.mark.case(102)
def test_oidcc_scope_all(party):
    """All that there is; the plan skips it where address or phone is not offered."""
    assert not_offered(party, "address")
    assert told(party, "openid profile email address phone") == {
        *PROFILE,
        *("email", "email_verified"),
    }


@pytest.mark.case(102)
def test_oidcc_ensure_other_scope_order_succeeds(party):
    """`openid` need not come first."""
    assert {"email", "email_verified"} == told(party, "email openid")


@pytest.mark.case(101)
def test_oidcc_claims_essential(party):
    """The metadata says that `claims` is not taken; it is no error to send it.

    Without the scope `profile` there is no name: a warning of the plan's, no failure.
    """
    asked = {"userinfo": {"name": {"essential": True}}}

    assert party.metadata["claims_parameter_supported"] is False
    assert set() == told(party, "openid", claims=json.dumps(asked))


@pytest.mark.case(101)
def test_oidcc_claims_locales(party):
    """Nothing is known in two languages; the request succeeds."""
    assert told(party, "openid profile", claims_locales="se") == PROFILE
