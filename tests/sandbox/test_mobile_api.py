"""Sign-in of mobile apps: the code that the Open SDK gives to the app."""

import pytest


@pytest.fixture
def mobile(sandbox):
    return sandbox.app("mobile")


@pytest.fixture
def send_auth(sandbox, mobile):
    """Play SendAuth for the second user."""
    openid = sandbox.user(1)["openid"][mobile["appid"]]

    def run(**changes):
        asked = {"appid": mobile["appid"], "openid": openid, "state": "s-1"}
        return sandbox.control("send_auth", **{**asked, **changes})

    return run


def exchange(sandbox, app, code, **changes):
    query = {
        "appid": app["appid"],
        "secret": app["secret"],
        "code": code,
        "grant_type": "authorization_code",
        **changes,
    }
    return sandbox.get("/sns/oauth2/access_token", query).json()


def test_the_app_gets_a_code_and_its_state(send_auth):
    """As SendAuth.Resp has them."""
    told = send_auth()

    assert told == {
        "errCode": 0,
        "code": told["code"],
        "state": "s-1",
        "lang": "zh_CN",
        "country": "CN",
    }
    assert len(told["code"]) == 32


@pytest.mark.parametrize(("answer", "number"), [("cancel", -2), ("deny", -4)])
def test_a_refusal_has_no_code(send_auth, answer, number):
    """By the SDK's numbers."""
    told = send_auth(answer=answer)

    assert (told["errCode"], "code" in told) == (number, False)


def test_the_code_is_exchanged_once(sandbox, mobile, send_auth):
    """Openid of the mobile app, the unionid, and the profile is open."""
    user, code = sandbox.user(1), send_auth()["code"]
    tokens = exchange(sandbox, mobile, code)
    openid = user["openid"][mobile["appid"]]
    pair = {"access_token": tokens["access_token"], "openid": openid}

    assert (tokens["openid"], tokens["unionid"]) == (openid, user["unionid"])
    assert tokens["scope"] == "snsapi_userinfo"
    profile = sandbox.get("/sns/userinfo", pair).json()
    assert profile["nickname"] == user["nickname"]
    assert exchange(sandbox, mobile, code)["errcode"] == 40163


def test_a_code_is_of_one_app(sandbox, mobile, send_auth):
    """40029 for another app of the same company, and it stays valid."""
    code = send_auth()["code"]

    assert exchange(sandbox, sandbox.app("website"), code)["errcode"] == 40029
    assert "openid" in exchange(sandbox, mobile, code)


def test_a_code_lives_ten_minutes(sandbox, mobile, send_auth):
    """Then it is 42003."""
    early, late = send_auth()["code"], send_auth()["code"]
    sandbox.control("clock", advance=599)
    assert "openid" in exchange(sandbox, mobile, early)
    sandbox.control("clock", advance=2)

    assert exchange(sandbox, mobile, late)["errcode"] == 42003


def test_it_is_no_app_for_browsers(sandbox, mobile):
    """Neither in WeChat nor by QR code, and no other app has the SDK."""
    query = {
        "appid": mobile["appid"],
        "redirect_uri": "http://127.0.0.1/",
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "1",
    }
    page = sandbox.get("/connect/qrconnect", query)

    assert "Scope 参数错误" in page.text
    website = sandbox.app("website")["appid"]
    openid = sandbox.user()["openid"][website]
    answer = sandbox.post("/_sandbox/send_auth", {"appid": website, "openid": openid})
    assert answer.status == 400
