"""Existing sessions: which answer a client at once, and which need WeChat again."""

from __future__ import annotations

import pytest

from tests.support.client_sign_in import (
    BACK,
    GRANTED,
    USER,
    Visit,
    answered,
    query_of,
)
from tests.support.scripted_wechat import SERVICE, change, header

SILENT = "snsapi_base"
WHO = {"openid": "o-1", "unionid": "u-1"}


pytestmark = pytest.mark.usefixtures("willing")


def asks_wechat(response):
    """Tell whether the browser is sent there, and not back with a code."""
    location = header(response, "Location")
    assert location.startswith(("https://open.weixin.qq.com/", BACK + "?code="))
    return location.startswith("https://open.weixin.qq.com/")


@pytest.mark.case(90)
@pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])
@pytest.mark.parametrize(
    ("before", "after"), [("openid", "unionid"), ("unionid", "openid")]
)
def test_a_session_of_another_subject_is_none(visit, gateway, way, before, after):
    """After a change of `subject` a session with an old name is not used."""
    change(gateway, "apps", SERVICE, subject=before)
    visit.agree(visit.authorize())
    same = asks_wechat(way(visit))
    change(gateway, "apps", SERVICE, subject=after)

    assert (False, True) == (same, asks_wechat(way(visit)))
    assert "login_required" == answered(visit, prompt="none")["error"]
    code = query_of(header(visit.agree(visit.authorize()), "Location"))["code"]
    assert WHO[after] == gateway.grants.redeem(code)[1].sub
    assert not asks_wechat(way(visit, state="s-2"))


@pytest.mark.case(57, 90)
def test_who_has_no_unionid_has_no_session_where_it_is_the_name(visit, gateway, wechat):
    """The openid does not replace a missing unionid."""
    change(gateway, "apps", SERVICE, subject="openid")
    nameless = {k: v for k, v in GRANTED.items() if k != "unionid"}
    wechat.rescript("/sns/oauth2/access_token", nameless)
    wechat.rescript("/sns/userinfo", {"openid": "o-1", "nickname": "张三"})
    visit.agree(visit.authorize())
    change(gateway, "apps", SERVICE, subject="unionid")

    assert asks_wechat(visit.authorize())


@pytest.fixture
def silent(visit, gateway, wechat):
    """Somebody has signed in by WeChat's dialect, in silence."""
    change(gateway, "apps", SERVICE, subject="openid")
    wechat.rescript("/sns/oauth2/access_token", {"openid": "o-1", "scope": SILENT})
    visit.agree(visit.connect(scope=SILENT))
    return visit


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("openid", False), ("openid profile", True), ("profile", True)],
)
def test_a_silent_session_has_no_profile(silent, scope, expected):
    """Who asks for one gets one, or WeChat asks the user."""
    assert expected is asks_wechat(silent.authorize(scope=scope))


def test_it_is_asked_for_once(silent, wechat):
    """A user without a name is one all the same: the next request is answered."""
    wechat.rescript("/sns/oauth2/access_token", GRANTED)
    wechat.rescript("/sns/userinfo", {**USER, "nickname": ""})
    told = query_of(header(silent.agree(silent.authorize()), "Location"))

    assert "code" in told
    assert not asks_wechat(silent.authorize())


def test_an_app_that_is_silent_has_no_more_to_tell(silent, gateway):
    """A silent app gives no profile at a second request either."""
    change(gateway, "apps", SERVICE, oauth_scope=SILENT)

    assert not asks_wechat(silent.authorize())
