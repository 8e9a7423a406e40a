"""Sign-in inside WeChat: the link, the consent sheet, and the redirect back."""

from urllib.parse import urlsplit

import pytest


def test_base_is_silent_and_gives_the_openid_alone(visit):
    """No sheet, no unionid, and the profile is closed with 48001."""
    tokens = visit.change(visit.code("snsapi_base"))

    assert (tokens["openid"], tokens["scope"]) == (visit.openid, "snsapi_base")
    assert tokens["expires_in"] == 7200
    assert "unionid" not in tokens
    token = tokens["access_token"]
    refused = visit.sns("userinfo", access_token=token, openid=visit.openid).json()

    assert refused["errcode"] == 48001
    assert refused["errmsg"].startswith("api unauthorized, rid: ")


def test_userinfo_asks_first(visit):
    """The sheet shows app and user; allowing it leads back with code and state."""
    page = visit.open(visit.link())

    assert page.status == 200
    assert "青禾书店" in page.text
    assert "张晓雨" in page.text
    back = visit.landing(visit.answer(visit.link(), "allow"))

    assert back == {"code": back["code"], "state": "abc123"}
    assert len(back["code"]) == 32


def test_the_profile_of_whom_holds_the_phone(visit, sandbox):
    """Nickname unescaped, slashes escaped, a picture that exists, the unionid."""
    deer = sandbox.user(1)
    openid = deer["openid"][visit.app["appid"]]
    sandbox.control("phone/holder", openid=openid)
    tokens = visit.change(visit.code())
    token = tokens["access_token"]
    reply = visit.sns("userinfo", access_token=token, openid=openid, lang="zh_CN")
    profile = reply.json()

    assert tokens["unionid"] == deer["unionid"]
    assert profile == {
        "openid": openid,
        "nickname": deer["nickname"],
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": deer["headimgurl"],
        "privilege": [],
        "unionid": deer["unionid"],
    }
    assert deer["nickname"] in reply.text
    assert r"http:\/\/" in reply.text
    picture = sandbox.get(urlsplit(profile["headimgurl"]).path)

    assert picture.headers["Content-Type"] == "image/png"
    assert picture.body.startswith(b"\x89PNG")


def test_without_open_platform_there_is_no_unionid(visit, sandbox):
    """An account that is not bound does not learn it."""
    sandbox.control("apps", appid=visit.app["appid"], bound=False)
    tokens = visit.change(visit.code())
    token = tokens["access_token"]
    profile = visit.sns("userinfo", access_token=token, openid=visit.openid).json()

    assert "unionid" not in tokens
    assert "unionid" not in profile


def test_a_refusal_goes_back_with_the_state_or_stays(visit, sandbox):
    """By the app's setting: a redirect without code, or a page."""
    assert visit.landing(visit.answer(visit.link(), "refuse")) == {"state": "abc123"}
    sandbox.control("apps", appid=visit.app["appid"], refusal="stay")

    assert visit.answer(visit.link(), "refuse").status == 200


@pytest.mark.parametrize("forced", [True, False])
def test_a_snapshot_has_a_virtual_user(visit, sandbox, forced):
    """By the phone's mode or the link: nobody real, and the answer says so."""
    if forced:
        reply = visit.open(visit.link(forceSnapShot="true"))
    else:
        sandbox.control("phone/snapshot", on=True)
        reply = visit.open(visit.link())
    tokens = visit.change(visit.landing(reply)["code"])
    profile = visit.sns(
        "userinfo", access_token=tokens["access_token"], openid=tokens["openid"]
    ).json()

    assert tokens["is_snapshotuser"] == 1
    assert tokens["openid"] != visit.openid
    assert (profile["nickname"], profile["headimgurl"]) == ("微信用户", "")
    assert profile["unionid"] != sandbox.user()["unionid"]


def test_a_snapshot_does_not_touch_base(visit, sandbox):
    """The silent scope gives the real user in snapshot mode too."""
    sandbox.control("phone/snapshot", on=True)
    tokens = visit.change(visit.code("snsapi_base"))

    assert tokens["openid"] == visit.openid
    assert "is_snapshotuser" not in tokens


def test_other_browsers_are_sent_to_wechat(visit):
    """No code leaves to a browser that is not WeChat's."""
    page = visit.open(visit.link("snsapi_base"), user_agent="Mozilla/5.0")

    assert page.status == 200
    assert "请在微信客户端打开链接" in page.text


def test_an_error_is_a_page_with_a_number(visit):
    """A foreign domain is 10003, and nobody is redirected there."""
    page = visit.open(visit.link(redirect_uri="http://evil.example/"))

    assert page.status == 200
    assert "错误码：10003" in page.text
    assert page.headers["Content-Type"].startswith("text/html")
