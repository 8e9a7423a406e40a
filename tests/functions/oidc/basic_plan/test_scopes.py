"""The plan's modules about scopes and claims."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.case(105)
PROFILE = {"name", "nickname", "preferred_username", "locale", "updated_at"}
WECHATS = {"wechat_openid", "wechat_unionid", "wechat_appid"}


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


@pytest.mark.case(102)
def test_oidcc_scope_phone(party):
    """WeChat tells none to web pages: the same."""
    assert not_offered(party, "phone")
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
