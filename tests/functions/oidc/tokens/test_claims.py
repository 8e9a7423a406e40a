"""Claims for products: a login name, groups, a mail address, openids of other apps."""

from __future__ import annotations

import re

import pytest

from runtime.errors import NotAdmitted, ServiceUnavailable
from runtime.sign_in.openids import OPENID_SECONDS
from runtime.tokens.claims import preferred_username
from tests.support.callback_flows import StartedFlow
from tests.support.client_sign_in import willing
from tests.support.known_users import admit_only, document_id, enter, remove
from tests.support.mini_programs import (
    JSCODE2SESSION,
    KNOWN,
    add_app,
    exchange_js_code,
    post_js_code,
)
from tests.support.mobile_apps import exchange_sdk_code, with_mobile_app
from tests.support.provider import OPENID, PROFILE, UNIONID, grant
from tests.support.refusal import refusal
from tests.support.scripted_wechat import SERVICE, WEBSITE, change
from tests.support.wechat_vectors import APPID as MINI_PROGRAM

SCOPE = ("openid", "profile", "email", "groups", "offline_access")


@pytest.fixture
def told(provider, gateway):
    """Return what userinfo and the ID token of a new grant tell, which is the same."""

    def run(client_id="demo", scope=SCOPE):
        tokens = provider.tokens(client_id, scope=scope)
        status, _, content = provider.userinfo(tokens["access_token"])
        issued = gateway.id_tokens.hint(tokens["id_token"], now=gateway.clock())
        assert status == 200
        without = {k: v for k, v in content.items() if k != "wechat_openids"}
        assert without.items() <= issued.items()
        return content

    return run


@pytest.mark.parametrize(
    ("sub", "name"),
    [
        ("liming", "liming"),
        ("a" * 32, "a" * 32),
        ("a" * 33, "a" * 20 + "baf4b94e5c0e"),
        ("LiMing", "limingd7b81e5c4f5f"),
        ("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oupf8umuajom2pxb1q9zac5d5b279f33"),
        ("ww1:Li.Ming", "limingf0d0f1a2cbbe"),
        ("___", "fd6fd0d3d6c4"),
    ],
)
def test_a_login_name(sub, name):
    """As it is where that loses nothing; else it ends in a hash, and is 32 at most."""
    made = preferred_username(sub)

    assert re.fullmatch(r"[a-z0-9]{1,32}", made)
    assert made == (name if name == sub else name[:-12] + document_id(sub)[:12])


@pytest.mark.case(142)
def test_login_names_differ_where_only_capitals_do(told, gateway):
    """Two openids that differ in case alone are two users."""
    names = {preferred_username(sub) for sub in ("oAbC", "oabC", "oABC", "o_AbC")}

    assert len(names) == 4
    assert told()["preferred_username"] == preferred_username(UNIONID)
    assert told("private")["preferred_username"] != preferred_username(UNIONID)


def test_a_stranger_has_no_groups(told):
    """An empty list, and no address where the client has no domain for made-up ones."""
    content = told()

    assert content["groups"] == []
    assert not {"email", "email_verified"} & content.keys()


def test_an_entered_address_is_verified(told, gateway):
    """Groups and address are those of now, not of the sign-in; the name is WeChat's."""
    enter(gateway, UNIONID, name="Li", groups=["staff", "研发"], email="li@example.com")
    content = told()

    assert content["groups"] == ["staff", "研发"]
    assert (content["email"], content["email_verified"]) == ("li@example.com", True)
    assert content["name"] == content["nickname"] == PROFILE["name"]
    assert content["updated_at"] == int(gateway.clock()) - 100


@pytest.mark.case(142)
def test_a_made_up_address_is_never_verified(told, gateway):
    """It lies below a name without mailboxes; the entered one comes first."""
    change(gateway, "clients", "demo", email_domain="example.com")
    content = told()

    assert re.fullmatch(r"[0-9a-f]{32}@users\.example\.com", content["email"])
    assert content["email_verified"] is False
    enter(gateway, UNIONID, email="li@example.com")
    assert told()["email"] == "li@example.com"


def test_a_pairwise_client_gets_no_entered_address(told, gateway):
    """By it two clients could find out that they know the same user; groups it gets."""
    enter(gateway, UNIONID, email="li@example.com", groups=["staff"])
    content = told("private")

    assert content["email"].endswith("@users.people.example.com")
    assert content["email_verified"] is False
    assert content["groups"] == ["staff"]


@pytest.mark.parametrize("missing", ["groups", "email", "profile"])
def test_only_what_was_asked_for(told, gateway, missing):
    """Each scope has claims of its own."""
    enter(gateway, UNIONID, email="li@example.com", groups=["staff"])
    content = told(scope=tuple(name for name in SCOPE if name != missing))
    names = {
        "groups": {"groups"},
        "email": {"email", "email_verified"},
        "profile": {"preferred_username", "nickname", "updated_at", "name"},
    }

    assert not names[missing] & content.keys()
    others = set().union(*(n for scope, n in names.items() if scope != missing))
    assert others <= content.keys()


def test_without_the_document_there_is_no_answer(provider, gateway, tmp_path):
    """A made-up address instead of the entered one would be another account.

    The code is not used up by that: the client can repeat the request.
    """
    change(gateway, "clients", "demo", email_domain="example.com")
    file = tmp_path / "config" / "people" / document_id(UNIONID) / "1.json"
    file.mkdir(parents=True)
    code = gateway.grants.code(grant(gateway, scope=SCOPE))
    status, _, content = provider.redeem(code)
    file.rmdir()
    again, _, tokens = provider.redeem(code)

    assert (status, content["error"]) == (503, ServiceUnavailable.code)
    assert (again, "access_token" in tokens) == (200, True)


@pytest.mark.case(140)
def test_who_is_removed_refreshes_no_token(provider, gateway):
    """invalid_grant, and every token of the family ends; so does userinfo."""
    enter(gateway, UNIONID)
    admit_only(gateway)
    tokens = provider.tokens(scope=SCOPE)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    status, _, newer = provider.token(form)
    assert status == 200
    remove(gateway, UNIONID)
    form["refresh_token"] = newer["refresh_token"]

    assert provider.userinfo(newer["access_token"])[0] == 401
    assert provider.token(form)[2]["error"] == "invalid_grant"
    enter(gateway, UNIONID)
    assert provider.token(form)[2]["error"] == "invalid_grant"


@pytest.mark.case(140)
def test_who_is_removed_redeems_no_code(provider, gateway):
    """A code that was made a moment before."""
    enter(gateway, UNIONID)
    admit_only(gateway)
    code = gateway.grants.code(grant(gateway, scope=SCOPE))
    remove(gateway, UNIONID)

    assert provider.redeem(code)[2]["error"] == "invalid_grant"


SIGNED_IN = {**PROFILE, "wechat_openid": "o-service", "wechat_appid": SERVICE}


class TestOpenidsOfOtherApps:
    def test_only_for_a_client_that_may_know_them(self, told, gateway):
        """In userinfo alone: an ID token is seen by more."""
        gateway.openids.save(SIGNED_IN)
        assert "wechat_openids" not in told()
        change(gateway, "clients", "demo", openids=True)

        expected = {WEBSITE: OPENID, SERVICE: "o-service"}
        assert told()["wechat_openids"] == expected

    def test_only_with_the_apps_of_the_client(self, told, gateway):
        """It could not send a message by another one."""
        other = "wx" + "c" * 16
        elsewhere = {**SIGNED_IN, "wechat_appid": other, "wechat_openid": "o-other"}
        gateway.openids.save(elsewhere)
        change(gateway, "clients", "demo", openids=True)

        assert told()["wechat_openids"] == {WEBSITE: OPENID}

    def test_nobody_elses(self, told, gateway):
        """Found by the unionid; without one there is the openid of the sign-in."""
        gateway.openids.save({**SIGNED_IN, "wechat_unionid": "oSomebodyElse"})
        gateway.openids.save({**SIGNED_IN, "wechat_unionid": None})
        change(gateway, "clients", "demo", openids=True)

        assert told()["wechat_openids"] == {WEBSITE: OPENID}
        without = {**PROFILE, "wechat_unionid": None}
        found = gateway.openids.of(without, [SERVICE, WEBSITE])
        assert found == {WEBSITE: OPENID}

    def test_redis_holds_them_for_ninety_days(self, gateway, redis_server):
        """Under a hash of the unionid."""
        gateway.openids.save(SIGNED_IN)
        with redis_server.client() as redis:
            (key,) = redis.keys("gateway:openid:*")
            life = redis.ttl(key)

        assert UNIONID.encode() not in key
        assert OPENID_SECONDS - 60 < life <= OPENID_SECONDS

    def test_each_way_of_signing_in_leaves_one(self, gateway, wechat, redis_server):
        """Browsers, mini programs and mobile apps; not a user who is refused."""

        def left():
            with redis_server.client() as redis:
                return {key.decode()[-18:] for key in redis.keys("gateway:openid:*")}

        admit_only(gateway)
        willing(wechat)
        with refusal(NotAdmitted):
            StartedFlow(gateway).back()
        assert left() == set()
        admit_only(gateway, "anyone")
        StartedFlow(gateway).back()
        assert left() == {SERVICE}
        add_app(gateway)
        scopes = {SERVICE: [], MINI_PROGRAM: []}
        change(gateway, "clients", "demo", scopes=scopes)
        wechat.script(JSCODE2SESSION, KNOWN)
        assert exchange_js_code(gateway, secret="demo_" + "1" * 32)[0] == 200
        assert left() == {SERVICE, MINI_PROGRAM}
        redis_server.empty()
        assert post_js_code(gateway)[0] == 200
        assert left() == {MINI_PROGRAM}


def test_a_mobile_app_leaves_its_openid(gateway, wechat, redis_server):
    """Below /sns, where the app's server exchanges the code."""
    with_mobile_app(gateway, wechat)
    content = exchange_sdk_code(gateway)

    with redis_server.client() as redis:
        (key,) = redis.keys("gateway:openid:*")
        assert redis.get(key).decode() == content["openid"]
