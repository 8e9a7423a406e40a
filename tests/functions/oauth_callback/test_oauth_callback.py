"""The callback: a code becomes a session, and every failure leads on."""

from __future__ import annotations

import pytest

from runtime.errors import (
    ClientDisabled,
    ConsentRefused,
    FlowExpired,
    NotFound,
    SignInNotConfigured,
    SnapshotUser,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.registry.subjects import SubjectMissing
from runtime.upstream.answer import Answer
from tests.support.callback_flows import TOKEN, USERINFO, StartedFlow, profile_of
from tests.support.client_sign_in import GRANTED, USER
from tests.support.handles import oauth_callback as handle
from tests.support.refusal import refusal
from tests.support.scripted_wechat import (
    APP_SECRET,
    COOKIE,
    SERVICE,
    WEBSITE,
    ask,
    change,
    cookie,
    header,
)


class TestSignedIn:
    def test_the_code_becomes_a_session_and_the_browser_goes_on(self, walk, willing):
        """The cookie proves the user; the profile stays in Redis."""
        response = walk.back()

        assert (response.status, header(response, "Location")) == (303, "/orders")
        assert header(response, "Referrer-Policy") == "no-referrer"
        assert profile_of(walk.gateway, response) == (
            "u-1",
            {
                "name": "张三",
                "picture": None,
                "wechat_openid": "o-1",
                "wechat_unionid": "u-1",
                "wechat_appid": SERVICE,
                "wechat_scope": "snsapi_userinfo",
            },
        )

    def test_wechat_is_asked_with_this_apps_secret_and_code(self, walk, willing):
        """One exchange of the code, then one fetch of the profile."""
        walk.back(code="abc")

        exchange, profile = willing.seen
        assert exchange.arguments == {
            "appid": SERVICE,
            "secret": APP_SECRET,
            "code": "abc",
            "grant_type": "authorization_code",
        }
        assert profile.arguments["access_token"] == "user-token"

    def test_the_session_is_new_whatever_cookie_came(self, walk, willing):
        """A cookie that was set beforehand is not continued."""
        response = walk.back(cookies={**walk.cookies, COOKIE: "set-by-a-stranger"})

        assert cookie(response)[COOKIE].startswith("2|")

    @pytest.mark.case(59)
    @pytest.mark.bug(9)
    @pytest.mark.parametrize(
        "name", ["张三😀", "José", "‮abc", "</script>", "a\x01b", "\ue001"]
    )
    def test_a_nickname_survives(self, walk, wechat, name):
        """Whatever charset the answer declares."""
        wechat.script(TOKEN, GRANTED)
        raw = f'{{"openid":"o-1","unionid":"u-1","nickname":"{name}"}}'
        wechat.script(
            USERINFO,
            Answer(200, (("Content-Type", "text/plain"),), raw.encode()),
        )

        assert profile_of(walk.gateway, walk.back())[1]["name"] == name

    @pytest.mark.case(59)
    def test_a_nickname_of_64_kb_is_cut(self, walk, wechat):
        """It does not fill Redis."""
        wechat.script(TOKEN, GRANTED)
        wechat.script(USERINFO, {**USER, "nickname": "张" * 22000})

        assert len(profile_of(walk.gateway, walk.back())[1]["name"]) == 256

    @pytest.mark.case(60)
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("https://thirdwx.qlogo.cn/a/132", "https://thirdwx.qlogo.cn/a/132"),
            ("http://thirdwx.qlogo.cn/a/132", "https://thirdwx.qlogo.cn/a/132"),
            ("javascript:alert(1)", None),
            ("", None),
        ],
    )
    def test_a_picture_is_https_or_none(self, walk, wechat, address, expected):
        """No script and no plain http gets into a page by way of a picture."""
        wechat.script(TOKEN, GRANTED)
        wechat.script(USERINFO, {**USER, "headimgurl": address})

        assert profile_of(walk.gateway, walk.back())[1]["picture"] == expected

    @pytest.mark.case(58)
    @pytest.mark.bug(7)
    def test_a_silent_scope_asks_for_no_profile(self, walk, wechat):
        """With snsapi_base WeChat would answer 48001."""
        wechat.script(TOKEN, {**GRANTED, "scope": "snsapi_base"})

        assert walk.back().status == 303
        assert wechat.calls(USERINFO) == []

    @pytest.mark.case(54)
    def test_errcode_0_is_success(self, walk, wechat):
        """So is a nickname that speaks of an errcode."""
        wechat.script(TOKEN, {"errcode": 0, "errmsg": "ok", **GRANTED})
        wechat.script(USERINFO, {**USER, "nickname": '"errcode":40001'})

        assert walk.back().status == 303


class TestFailures:
    @pytest.mark.case(126)
    @pytest.mark.parametrize(
        ("lost", "error"),
        [({"disabled": True}, ClientDisabled), ({"scopes": {}}, SignInNotConfigured)],
        ids=str,
    )
    def test_who_may_sign_nobody_in_any_more(self, gateway, walk, wechat, lost, error):
        """The client of the sign-in page was disabled, or lost its app, meanwhile."""
        change(gateway, "clients", "demo", **lost)
        with refusal(error):
            walk.back()

        assert wechat.seen == []

    @pytest.mark.case(40)
    @pytest.mark.parametrize("code", [None, "authdeny"])
    def test_a_refusal_is_said_and_leads_on(self, walk, code):
        """Without a code the user has refused; the redirect back keeps `next`."""
        with refusal(ConsentRefused) as caught:
            walk.back(code=code)

        assert caught.links.start_again == "/login?next=%2Forders"

    @pytest.mark.case(52)
    @pytest.mark.bug(5)
    @pytest.mark.parametrize("errcode", [40029, 40163, 42003])
    def test_a_spent_code_starts_over_once(self, gateway, wechat, errcode):
        """A second spent code is a page, not a loop."""
        wechat.script(TOKEN, {"errcode": errcode, "errmsg": "code been used, rid: 1"})

        response = StartedFlow(gateway).back()

        assert "/connect/oauth2/authorize?" in header(response, "Location")
        with refusal(FlowExpired):
            StartedFlow(gateway, restarted=True).back()

    def test_a_website_flow_starts_over_at_its_qr_page(self, gateway, wechat):
        """The restart uses the same app as the flow that failed."""
        wechat.script(TOKEN, {"errcode": 40163, "errmsg": "code been used"})

        response = StartedFlow(gateway).back(appid=WEBSITE)

        assert "/connect/qrconnect?" in header(response, "Location")

    def test_wechats_refusal_keeps_its_code(self, walk, wechat):
        """A wrong AppSecret is shown to the operator, not to the user."""
        wechat.script(TOKEN, {"errcode": 40125, "errmsg": "invalid appsecret, rid: 1"})

        with refusal(WeChatRefused) as caught:
            walk.back()

        assert (caught.error.errcode, caught.error.status) == (40125, 502)

    @pytest.mark.case(53, 55)
    @pytest.mark.parametrize(
        "answer",
        [
            Answer(200, (), b"<html>busy</html>"),
            Answer(200, (), b""),
            Answer(502, (), b'{"openid":"o-1"}'),
            Answer(200, (), b"[]"),
            Answer(200, (), b'{"access_token":"t"}'),
            Answer(200, (), b"\x1f\x8b\x08"),
            Answer(200, (), b'{"openid":' + b"[" * 100000),
            WeChatTimeout(),
        ],
        ids=[
            "a page",
            "nothing",
            "status 502",
            "a list",
            "no openid",
            "gzip",
            "nested",
            "timeout",
        ],
    )
    def test_an_answer_that_is_not_wechats_protocol(self, walk, wechat, answer):
        """HTML, nothing, 5xx, no openid or a timeout: an error page with a link."""
        wechat.script(TOKEN, answer)

        with refusal(WeChatUnavailable) as caught:
            walk.back()

        assert caught.links.start_again == "/login?next=%2Forders"
        assert APP_SECRET not in repr(caught.error)

    @pytest.mark.case(56)
    def test_a_snapshot_user_gets_no_session(self, walk, wechat):
        """A virtual user of WeChat's preview mode is not signed in."""
        wechat.script(TOKEN, {**GRANTED, "is_snapshotuser": 1})

        with refusal(SnapshotUser):
            walk.back()

    @pytest.mark.case(57)
    def test_a_missing_unionid_is_never_replaced_by_the_openid(self, walk, wechat):
        """The operator chose unionid; another name would be another user."""
        wechat.script(TOKEN, {**GRANTED, "unionid": None})
        wechat.script(USERINFO, {**USER, "unionid": None})

        with refusal(SubjectMissing):
            walk.back()

    def test_by_openid_when_the_app_says_so(self, gateway, walk, willing):
        """The subject is a setting of the app."""
        change(gateway, "apps", SERVICE, subject="openid")

        assert profile_of(gateway, walk.back())[0] == "o-1"

    def test_other_paths_are_not_found(self, gateway):
        """The callback's address names its app."""
        for path in ("/", "/demo", f"/{SERVICE}/x"):
            with pytest.raises(NotFound):
                handle(ask(path=path), gateway)
