"""/sns: a client of WeChat's dialect learns who has signed in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.registry.client_secrets import hash_secret
from tests.support.client_sign_in import (
    BACK,
    OIDC,
    Visit,
    exchanged,
    query_of,
    raw_sns,
    sns,
    willing,
)
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    SERVICE,
    WEBSITE,
    change,
    header,
)
from tests.support.signed_out import sign_out_at

OTHER_SECRET = "other_" + "2" * 32


@pytest.fixture
def visit(gateway, wechat):
    willing(wechat)
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    other = {
        **gateway.documents.read("clients", "demo").content,
        "secret_hashes": [hash_secret(OTHER_SECRET)],
        "redirect_uris": [],
    }
    gateway.documents.write("clients", "other", other, after=0)
    return Visit(gateway)


@pytest.fixture
def tokens(visit, gateway):
    """The answer to a code, and how to ask again."""
    return exchanged(gateway, visit.code(visit.connect()))


@pytest.fixture
def errcode(gateway):
    """Return the errcode of an answer whose status and content type are checked."""

    def ask(path, **pairs):
        query = "&".join(f"{name}={value}" for name, value in pairs.items())
        status, headers, content = raw_sns(gateway, path, query)
        assert (status, headers["Content-Type"]) == (200, "text/plain")
        assert ", rid: " in content["errmsg"]
        return content["errcode"]

    return ask


class TestAccessToken:
    @pytest.mark.case(131, 133)
    def test_a_code_becomes_tokens_of_ours(self, tokens, wechat):
        """In WeChat's shape; no token of WeChat's is in them."""
        text = json.dumps(tokens)

        assert list(tokens) == [
            *("access_token", "expires_in", "refresh_token", "openid", "scope"),
            "unionid",
        ]
        assert (tokens["openid"], tokens["unionid"]) == ("o-1", "u-1")
        assert (tokens["expires_in"], tokens["scope"]) == (7200, "snsapi_userinfo")
        assert "user-token" not in text

    @pytest.mark.parametrize("appid", ["demo", SERVICE])
    def test_the_app_is_named_by_its_id_or_the_clients(self, visit, gateway, appid):
        """With the same name as at the start of the sign-in."""
        code = visit.code(visit.connect(appid=appid))

        assert exchanged(gateway, code, appid=appid)["openid"] == "o-1"

    @pytest.mark.case(130)
    def test_a_second_use_is_40163_and_the_first_keeps_its_tokens(self, visit, gateway):
        """Callbacks that come twice are a habit of WeChat's browsers."""
        code = visit.code(visit.connect())
        first, second = exchanged(gateway, code), exchanged(gateway, code)
        auth = {"access_token": first["access_token"], "openid": "o-1"}

        assert second["errcode"] == 40163
        assert sns(gateway, "auth", **auth) == {"errcode": 0, "errmsg": "ok"}

    @pytest.mark.case(66)
    def test_of_many_redemptions_one_succeeds(self, visit, gateway):
        """However close together they come."""
        code = visit.code(visit.connect())
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: exchanged(gateway, code), range(64)))

        assert sorted(each.get("errcode", 0) for each in answers) == [0] + [40163] * 63

    @pytest.mark.case(130)
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"appid": ""}, 41002),
            ({"appid": "wx" + "0" * 16}, 40013),
            ({"appid": "nobody"}, 40013),
            ({"secret": ""}, 41004),
            ({"secret": "demo_" + "0" * 32}, 40125),
            ({"secret": OTHER_SECRET}, 40125),
            ({"grant_type": "x"}, 40002),
            ({"code": ""}, 41008),
            ({"code": "unknown"}, 40029),
        ],
    )
    def test_errors_are_wechats(self, visit, changes, expected, errcode):
        """Status 200, text/plain, errcode and a rid."""
        pairs = {
            "appid": "demo",
            "secret": CLIENT_SECRET,
            "code": visit.code(visit.connect()),
            "grant_type": "authorization_code",
        }

        assert errcode("oauth2/access_token", **{**pairs, **changes}) == expected

    @pytest.mark.case(67)
    def test_a_code_of_another_client_is_burnt(self, visit, gateway):
        """It was stolen, or leaked: nobody gets anything for it."""
        code = visit.code(visit.connect())
        theirs = exchanged(gateway, code, appid="other", secret=OTHER_SECRET)

        assert theirs["errcode"] == 40029
        assert exchanged(gateway, code)["errcode"] == 40163

    @pytest.mark.case(104)
    def test_a_code_of_openid_connect_is_none_here(self, visit, gateway):
        """Each dialect redeems its own."""
        change(gateway, "clients", "demo", pkce="optional")
        begun = visit.authorize(OIDC, scope="profile")
        code = query_of(header(visit.agree(begun), "Location"))["code"]

        assert exchanged(gateway, code)["errcode"] == 40029

    def test_a_code_is_gone_after_five_minutes(self, visit, shared_redis):
        """As long as WeChat's own."""
        visit.code(visit.connect())
        redis = shared_redis.client()
        (key,) = redis.scan_iter("gateway:grant:*:code")
        life = redis.pttl(key)
        redis.close()

        assert 290_000 < life <= 300_000


class TestUsers:
    @pytest.mark.case(132)
    def test_userinfo_is_in_wechats_shape(self, tokens, gateway):
        """With what WeChat has left empty since 2021."""
        pairs = {"access_token": tokens["access_token"], "openid": "o-1"}

        assert sns(gateway, "userinfo", **pairs, lang="zh_CN") == {
            "openid": "o-1",
            "nickname": "张三",
            "sex": 0,
            "province": "",
            "city": "",
            "country": "",
            "headimgurl": "",
            "privilege": [],
            "unionid": "u-1",
        }

    @pytest.mark.case(132)
    @pytest.mark.parametrize("path", ["userinfo", "auth"])
    def test_the_openid_has_to_fit_the_token(self, tokens, path, errcode):
        """The errcode shows which of the two is wrong."""
        token = tokens["access_token"]

        assert errcode(path, access_token=token, openid="o-2") == 40003
        assert errcode(path, access_token=token[:-1] + "x", openid="o-1") == 40001
        assert errcode(path, access_token="", openid="o-1") == 41001
        assert errcode(path, access_token=token, openid="") == 41009

    @pytest.mark.case(132)
    def test_a_silent_sign_in_has_no_userinfo(self, visit, gateway, wechat, errcode):
        """48001, as at WeChat, and no unionid either."""
        visit.connect()
        tokens = exchanged(gateway, visit.code(visit.connect(scope="snsapi_base")))

        assert "unionid" not in tokens
        assert (
            errcode("userinfo", access_token=tokens["access_token"], openid="o-1")
            == 48001
        )

    @pytest.mark.case(133)
    def test_a_refresh_token_prolongs(self, tokens, gateway, clock, errcode):
        """Without a secret, as at WeChat, and for thirty days."""
        clock.now += 7201
        old = {"access_token": tokens["access_token"], "openid": "o-1"}
        assert errcode("auth", **old) == 42001
        pairs = {"appid": "demo", "grant_type": "refresh_token"}
        again = sns(
            gateway,
            "oauth2/refresh_token",
            **pairs,
            refresh_token=tokens["refresh_token"],
        )

        new = {"access_token": again["access_token"], "openid": "o-1"}
        assert "unionid" not in again
        assert sns(gateway, "auth", **new)["errcode"] == 0

    @pytest.mark.parametrize("begun", ["demo", SERVICE])
    @pytest.mark.parametrize("appid", ["demo", SERVICE])
    def test_a_refresh_knows_the_names_that_the_exchange_knew(
        self, visit, begun, appid, gateway
    ):
        """The client's id and the app's own, whichever was used on the way there."""
        tokens = exchanged(gateway, visit.code(visit.connect(appid=begun)), appid=appid)
        again = sns(
            gateway,
            "oauth2/refresh_token",
            appid=appid,
            grant_type="refresh_token",
            refresh_token=tokens["refresh_token"],
        )

        assert (again.get("errcode"), again.get("openid")) == (None, "o-1")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"appid": ""}, 41002),
            ({"appid": WEBSITE}, 40030),
            ({"appid": "other"}, 40030),
            ({"grant_type": "x"}, 40002),
            ({"refresh_token": ""}, 41003),
            ({"refresh_token": "x"}, 40030),
        ],
    )
    def test_a_refresh_that_is_wrong(self, tokens, changes, expected, errcode):
        """WeChat's codes."""
        pairs = {
            "appid": "demo",
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
        }

        assert errcode("oauth2/refresh_token", **{**pairs, **changes}) == expected

    @pytest.mark.case(104)
    def test_the_tokens_are_not_each_other(self, tokens, gateway, errcode):
        """Access, refresh and gateway token each serve their own purpose."""
        refresh = {"appid": "demo", "grant_type": "refresh_token"}
        access = tokens["access_token"]

        assert errcode("auth", access_token=tokens["refresh_token"], openid="o-1") == (
            40001
        )
        assert errcode("oauth2/refresh_token", **refresh, refresh_token=access) == 40030
        _, _, content = raw_sns(
            gateway, "user/info", f"access_token={access}", base="/cgi-bin/"
        )
        assert content["errcode"] == 40001

    @pytest.mark.parametrize("end", ["disable", "revoke", "person"])
    def test_tokens_end_with_the_client_and_with_the_user(
        self, tokens, gateway, end, errcode
    ):
        """A disabled client, a raised epoch, a user signed out everywhere."""
        if end == "person":
            sign_out_at(gateway, "u-1", gateway.clock())
        else:
            changes = {"disabled": True} if end == "disable" else {"epoch": 2}
            change(gateway, "clients", "demo", **changes)
        refresh = {"appid": "demo", "grant_type": "refresh_token"}

        assert errcode("auth", access_token=tokens["access_token"], openid="o-1") == (
            40001
        )
        assert (
            errcode(
                "oauth2/refresh_token", **refresh, refresh_token=tokens["refresh_token"]
            )
            == 40030
        )


@pytest.mark.case(134)
def test_a_pairwise_client_gets_names_of_its_own(visit, gateway):
    """The same each time, of an openid's looks, and nothing of WeChat's."""
    change(gateway, "clients", "demo", subject_type="pairwise", pairwise_salt="ab" * 16)
    first = exchanged(gateway, visit.code(visit.connect()))
    again = visit.connect(state="s-2")
    second = exchanged(gateway, query_of(header(again, "Location"))["code"])
    pairs = {"access_token": first["access_token"], "openid": first["openid"]}
    user = sns(gateway, "userinfo", **pairs)

    assert first["openid"] == second["openid"] == user["openid"]
    assert (len(first["openid"]), first["openid"][0]) == (28, "o")
    assert "unionid" not in {**first, **user}
    assert "o-1" not in json.dumps([first, user])


def test_a_silent_sign_in_without_a_unionid_is_the_clients_alone(
    visit, gateway, wechat
):
    """It gets its openid; at the gateway, which names by unionid, nobody signs in."""
    silent = {"openid": "o-1", "scope": "snsapi_base", "access_token": "t"}
    wechat.rescript("/sns/oauth2/access_token", silent)
    tokens = exchanged(gateway, visit.code(visit.connect(scope="snsapi_base")))

    assert (tokens["openid"], tokens["scope"]) == ("o-1", "snsapi_base")
    assert "unionid" not in tokens
    assert [name for name in visit.cookies if "session" in name] == []
