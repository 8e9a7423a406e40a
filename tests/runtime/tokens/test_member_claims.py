"""Claims about members of WeCom: what a client is told, and what never."""

from __future__ import annotations

import pytest

from runtime.registry.known_users import KnownUser
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import OIDC
from runtime.sign_in.openids import Openids
from runtime.tokens.claims import claims_of
from runtime.tokens.grant import Grant
from tests.support.company import CORP, OTHER_CORP, PROFILE

SCOPE = ("openid", "profile", "email", "phone", "groups")
PAIRWISE = {"subject_type": "pairwise", "pairwise_salt": "5" * 64}


class Users:
    """A registry of which only the known users are asked."""

    def __init__(self, user=None):
        self.user = user

    def known_user(self, sub):
        return self.user


def told(profile=PROFILE, *, scope=SCOPE, user=None, sub=None, **fields):
    client = Client("demo", "Demo", {PROFILE["wechat_appid"]: ()}, (), **fields)
    sub = sub or profile["wechat_openid"]
    grant = Grant(OIDC, "demo", 1, sub, profile, 1_800_000_000, scope, "https://a/")
    return claims_of(client, grant, Users(user))


def without(*names):
    return {name: value for name, value in PROFILE.items() if name not in names}


def test_everything_that_was_asked_for():
    """Names of WeCom's, and none of WeChat's."""
    assert told() == {
        "sub": f"{CORP}:zhangsan",
        "name": "张三",
        "nickname": "张三",
        "preferred_username": told()["preferred_username"],
        "updated_at": 1_800_000_000,
        "email": "z@corp.example.com",
        "email_verified": True,
        "phone_number": "13800000000",
        "groups": [f"{CORP}:department:2", f"{CORP}:department:7"],
        "wecom_corpid": CORP,
        "wecom_userid": "ZhangSan",
        "wecom_agentid": "1000002",
    }


def test_nothing_that_was_not():
    """No telephone number and no address without their scopes."""
    assert told(scope=("openid",)).keys() == {
        *("sub", "wecom_corpid", "wecom_userid", "wecom_agentid")
    }


def test_two_companies_have_two_users():
    """The login names differ, and so do pairwise subs."""
    other = {
        **PROFILE,
        "wecom_corpid": OTHER_CORP,
        "wechat_openid": f"{OTHER_CORP}:zhangsan",
    }
    for fields in ({}, PAIRWISE):
        one, two = told(**fields), told(other, **fields)
        assert one["sub"] != two["sub"]
        assert one["preferred_username"] != two["preferred_username"]
    assert told()["preferred_username"].startswith("zhangsan")


@pytest.mark.parametrize(
    ("profile", "user", "fields", "address", "verified"),
    [
        (PROFILE, KnownUser("s", email="o@x.example"), {}, "o@x.example", True),
        (PROFILE, None, {}, "z@corp.example.com", True),
        (PROFILE, None, {"email_domain": "x.example"}, "z@corp.example.com", True),
        (without("biz_mail"), None, {}, "z@mail.example.com", False),
    ],
)
def test_addresses(profile, user, fields, address, verified):
    """The operator's first, then the company's; a member's own is never verified."""
    claims = told(profile, user=user, **fields)

    assert (claims["email"], claims["email_verified"]) == (address, verified)


def test_a_members_own_address_is_no_other_users():
    """A product may match users by addresses: it gets none that a member entered."""
    claims = told(without("biz_mail"), email_domain="x.example")

    assert claims["email"].endswith("@users.x.example")
    assert claims["email_verified"] is False


def test_a_pairwise_client():
    """Neither names, nor a number, nor an address by which two could compare."""
    claims = told(**PAIRWISE)

    assert not {"email", "phone_number", "wecom_userid", "wecom_corpid"} & claims.keys()
    assert "zhangsan" not in str(claims["sub"])


def test_groups_of_operator_and_company():
    """Both, each once."""
    user = KnownUser("s", groups=("staff", f"{CORP}:department:2"))

    assert told(user=user)["groups"] == [
        *("staff", f"{CORP}:department:2", f"{CORP}:department:7")
    ]


def test_a_member_has_no_openids():
    """The sub is none, and no client gets it as one."""
    openids = Openids(None)

    assert openids.of(PROFILE, [PROFILE["wechat_appid"]]) == {}
    assert openids.entries(PROFILE) == []
