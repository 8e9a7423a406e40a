"""Codes, user tokens and refresh tokens: what each is accepted for."""

import pytest


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx1"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "x"}, 40125),
        ({"grant_type": "client_credential"}, 40002),
        ({"code": ""}, 41008),
        ({"code": "made-up"}, 40029),
    ],
)
def test_a_wrong_exchange_is_named(visit, changes, errcode):
    """Each fault has its number, and the code is still good afterwards."""
    code = visit.code()
    answer = visit.change(**{"code": code, **changes})

    assert answer["errcode"] == errcode
    assert ", rid: " in answer["errmsg"]
    assert visit.change(code)["openid"] == visit.openid


def test_a_code_is_good_once_and_for_five_minutes(visit, sandbox):
    """The second use is 40163, after 300 s it is 42003."""
    code, late = visit.code(), visit.code()
    visit.change(code)

    assert visit.change(code)["errcode"] == 40163
    sandbox.control("clock", advance=300)

    assert visit.change(late)["errcode"] == 42003


def test_refreshing(visit, sandbox):
    """No secret is needed; the answer has no unionid; the token works on."""
    tokens = visit.change(visit.code())
    sandbox.control("clock", advance=7200)
    query = {
        "appid": visit.app["appid"],
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
    }
    renewed = visit.sns("oauth2/refresh_token", **query).json()

    assert sorted(renewed) == sorted(
        ("access_token", "expires_in", "refresh_token", "openid", "scope")
    )
    assert renewed["refresh_token"] == tokens["refresh_token"]
    old, new = tokens["access_token"], renewed["access_token"]
    checks = [
        visit.sns("auth", access_token=token, openid=visit.openid).json()["errcode"]
        for token in (old, new)
    ]

    assert checks == [42001, 0]
    missing = visit.sns("oauth2/refresh_token", **{**query, "refresh_token": ""})

    assert missing.json()["errcode"] == 41003


def test_user_tokens_and_app_tokens_do_not_stand_for_each_other(visit, sandbox):
    """Either is 40001 on the other's side."""
    user_token = visit.change(visit.code())["access_token"]
    query = {"access_token": user_token}
    on_cgi_bin = sandbox.get("/cgi-bin/getcallbackip", query).json()
    token = sandbox.token()
    on_sns = visit.sns("auth", access_token=token, openid=visit.openid).json()

    assert (on_cgi_bin["errcode"], on_sns["errcode"]) == (40001, 40001)
    assert visit.sns("auth", access_token=user_token).json()["errcode"] == 41009
