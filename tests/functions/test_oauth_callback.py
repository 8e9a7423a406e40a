"""The callback: one exchange however often it comes, and every failure leads on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from functions.oauth_callback.index import handle
from runtime.errors import (
    ConsentRefused,
    CookieMissing,
    FlowExpired,
    NotFound,
    SignInNotConfigured,
    SnapshotUser,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.flows import Flow
from runtime.sign_in import SubjectMissing
from runtime.wechat import Answer
from tests.functions.scripted import (
    APP_SECRET,
    COOKIE,
    SERVICE,
    WEBSITE,
    ask,
    change,
    cookie,
    header,
)

TOKEN = "/sns/oauth2/access_token"
USERINFO = "/sns/userinfo"
GRANTED = {
    "access_token": "user-token",
    "openid": "o-1",
    "scope": "snsapi_userinfo",
    "unionid": "u-1",
}
PERSON = {"openid": "o-1", "nickname": "张三", "unionid": "u-1"}


@pytest.fixture
def willing(wechat):
    """WeChat as it answers when all is well."""
    wechat.script(TOKEN, GRANTED)
    wechat.script(USERINFO, PERSON)
    return wechat


class Walk:
    """A flow that has been started, and its browser."""

    def __init__(self, gateway, **fields):
        defaults = {"next": "/orders", "appids": (SERVICE, WEBSITE)}
        started = gateway.flows.start(Flow(**{**defaults, **fields}))
        self.gateway = gateway
        self.state = started.state
        name, _, value = started.cookie[1].partition("=")
        self.cookies = {name: value.split(";")[0]}

    def back(self, *, code="code-1", appid=SERVICE, cookies=None, **more):
        pairs = {"code": code, "state": self.state, **more}
        query = urlencode({name: value for name, value in pairs.items() if value})
        cookies = self.cookies if cookies is None else cookies
        return handle(ask(path=f"/{appid}", query=query, cookies=cookies), self.gateway)


@pytest.fixture
def walk(gateway):
    return Walk(gateway)


def profile_of(gateway, response):
    session = gateway.sessions.of(ask(cookies=cookie(response)), now=gateway.clock())
    return session.sub, gateway.sessions.profile(session)


class TestSignedIn:
    def test_the_code_becomes_a_session_and_the_browser_goes_on(self, walk, willing):
        """The cookie proves who it is; the profile stays with us."""
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
        """One exchange, then one look at the person."""
        walk.back(code="abc")

        exchange, person = willing.seen
        assert exchange.arguments == {
            "appid": SERVICE,
            "secret": APP_SECRET,
            "code": "abc",
            "grant_type": "authorization_code",
        }
        assert person.arguments["access_token"] == "user-token"

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
        """Whatever the bytes of the answer claim to be."""
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
        wechat.script(USERINFO, {**PERSON, "nickname": "张" * 22000})

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
        wechat.script(USERINFO, {**PERSON, "headimgurl": address})

        assert profile_of(walk.gateway, walk.back())[1]["picture"] == expected

    @pytest.mark.case(58)
    @pytest.mark.bug(7)
    def test_a_silent_scope_is_not_asked_for_the_person(self, walk, wechat):
        """With snsapi_base WeChat would answer 48001."""
        wechat.script(TOKEN, {**GRANTED, "scope": "snsapi_base"})

        assert walk.back().status == 303
        assert wechat.calls(USERINFO) == []

    @pytest.mark.case(54)
    def test_errcode_0_is_success(self, walk, wechat):
        """So is a nickname that speaks of an errcode."""
        wechat.script(TOKEN, {"errcode": 0, "errmsg": "ok", **GRANTED})
        wechat.script(USERINFO, {**PERSON, "nickname": '"errcode":40001'})

        assert walk.back().status == 303


class TestOnce:
    @pytest.mark.case(47, 48)
    @pytest.mark.bug(4)
    def test_ten_callbacks_at_once_exchange_once(self, walk, wechat):
        """All ten go to the same place with the same session."""
        gate = threading.Event()

        def slow(_):
            gate.wait(5)
            return GRANTED

        wechat.script(TOKEN, slow)
        wechat.script(USERINFO, PERSON)
        with ThreadPoolExecutor(10) as pool:
            answers = [pool.submit(walk.back, code=f"code-{n % 2}") for n in range(10)]
            gate.set()
            responses = [each.result() for each in answers]

        assert len(wechat.calls(TOKEN)) == 1
        assert {header(each, "Location") for each in responses} == {"/orders"}
        assert len({cookie(each)[COOKIE] for each in responses}) == 1

    @pytest.mark.case(49)
    @pytest.mark.bug(5)
    def test_a_repetition_gets_the_same_answer(self, walk, willing):
        """Reload and Back do not spend the code again."""
        first, second = walk.back(), walk.back()

        assert cookie(first) == cookie(second)
        assert len(willing.calls(TOKEN)) == 1

    @pytest.mark.case(50)
    def test_a_minute_later_the_flow_is_over(self, walk, willing, shared_redis):
        """Its result is kept for sixty seconds; after that nothing is exchanged."""
        walk.back()
        redis = shared_redis.client()
        (done,) = redis.scan_iter("gateway:flow:*:done")
        life = redis.pttl(done)
        redis.delete(done)  # as the minute does
        redis.close()

        with pytest.raises(FlowExpired) as caught:
            walk.back(code="code-2")
        assert caught.value.start_again == "/login?next=%2Forders"
        assert 50_000 < life <= 60_000
        assert len(willing.calls(TOKEN)) == 1

    def test_a_failed_exchange_frees_the_flow(self, walk, wechat):
        """WeChat's bad minute does not cost the person a new scan."""
        wechat.script(TOKEN, WeChatUnavailable(), GRANTED)
        wechat.script(USERINFO, PERSON)
        with pytest.raises(WeChatUnavailable):
            walk.back()

        assert [walk.back().status for _ in range(3)] == [303] * 3

    def test_whoever_waits_for_a_failed_exchange_is_told_at_once(self, walk):
        """Not after the seconds one grants an exchange that has died."""
        started, over = threading.Event(), threading.Event()

        def fail():
            started.set()
            over.wait(5)
            raise WeChatTimeout

        flows = walk.gateway.flows
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(flows.once, walk.state, fail)
            started.wait(5)
            second = pool.submit(flows.once, walk.state, dict)
            blocked = walk.gateway.store._client.info
            while blocked("clients")["blocked_clients"] == 0:
                time.sleep(0.005)
            over.set()

            assert isinstance(first.exception(), WeChatTimeout)
            assert type(second.exception(2)) is WeChatUnavailable

    @pytest.mark.case(51)
    def test_whoever_waits_for_a_dead_exchange_is_told(self, walk, monkeypatch):
        """A function that died in mid-exchange keeps nobody for long."""
        monkeypatch.setattr("runtime.flows.WAIT_SECONDS", 0.05)
        started = threading.Event()
        over = threading.Event()

        def die():
            started.set()
            over.wait(5)
            raise WeChatUnavailable

        flows = walk.gateway.flows
        with ThreadPoolExecutor(1) as pool:
            dead = pool.submit(flows.once, walk.state, die)
            started.wait(5)
            with pytest.raises(WeChatTimeout):
                flows.once(walk.state, dict)
            over.set()
            assert isinstance(dead.exception(), WeChatUnavailable)


class TestBinding:
    @pytest.mark.case(33)
    def test_another_browsers_cookie_is_refused(self, gateway, walk, wechat):
        """Whoever was lured into somebody's flow does not sign in there."""
        other = Walk(gateway)
        forged = dict(zip(walk.cookies, other.cookies.values(), strict=True))

        with pytest.raises(FlowExpired):
            walk.back(cookies=forged)

        assert wechat.seen == []

    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    def test_a_lost_cookie_starts_over_once(self, gateway, walk, wechat):
        """The second time the person decides."""
        again = walk.back(cookies={})
        location = header(again, "Location")
        walk.state = dict(parse_qsl(urlsplit(location).query))["state"]

        assert location.startswith("https://open.weixin.qq.com/connect/oauth2/auth")
        assert cookie(again)
        with pytest.raises(CookieMissing):
            walk.back(cookies={})
        assert wechat.seen == []

    @pytest.mark.case(38)
    def test_a_code_is_not_taken_at_another_apps_address(self, gateway, wechat):
        """An app that is not the flow's gets nothing, known or unknown."""
        walk = Walk(gateway, appids=(WEBSITE,))

        for appid in (SERVICE, "wx" + "0" * 16):
            with pytest.raises(FlowExpired):
                walk.back(appid=appid)
        assert wechat.seen == []

    @pytest.mark.case(36, 37)
    @pytest.mark.bug(3)
    @pytest.mark.parametrize(
        "state", ["", "0" * 31, "0" * 33, "G" * 32, "0" * 32, "0" * 32 + "http://x"]
    )
    def test_a_state_that_is_not_ours_is_refused(self, walk, state):
        """Short, long, foreign, unknown, or with a browser's home page appended."""
        walk.state = state

        with pytest.raises(FlowExpired) as caught:
            walk.back()

        assert caught.value.start_again == "/login"

    @pytest.mark.case(39)
    def test_two_tabs_both_finish(self, gateway, willing):
        """Each flow has a cookie of its own."""
        one, two = Walk(gateway), Walk(gateway, next="/b")
        both = {**one.cookies, **two.cookies}

        places = [header(each.back(cookies=both), "Location") for each in (one, two)]
        assert places == ["/orders", "/b"]

    @pytest.mark.case(20)
    def test_next_is_checked_again_on_the_way_out(self, gateway, willing):
        """What stood in Redis is not taken on trust."""
        walk = Walk(gateway, next="https://evil.example.com/")

        assert header(walk.back(), "Location") == "/login/me"


class TestFailures:
    @pytest.mark.case(126)
    @pytest.mark.parametrize("lost", [{"disabled": True}, {"scopes": {}}], ids=str)
    def test_who_may_sign_nobody_in_any_more(self, gateway, walk, wechat, lost):
        """The client of the sign-in page was disabled, or lost its app, meanwhile."""
        change(gateway, "clients", "demo", **lost)
        with pytest.raises(SignInNotConfigured):
            walk.back()

        assert wechat.seen == []

    @pytest.mark.case(40)
    @pytest.mark.parametrize("code", [None, "authdeny"])
    def test_a_refusal_is_said_and_leads_on(self, walk, code):
        """Without a code the person has refused; the way back keeps `next`."""
        with pytest.raises(ConsentRefused) as caught:
            walk.back(code=code)

        assert caught.value.start_again == "/login?next=%2Forders"

    @pytest.mark.case(52)
    @pytest.mark.bug(5)
    @pytest.mark.parametrize("errcode", [40029, 40163, 42003])
    def test_a_spent_code_starts_over_once(self, gateway, wechat, errcode):
        """A second spent code is a page, not a loop."""
        wechat.script(TOKEN, {"errcode": errcode, "errmsg": "code been used, rid: 1"})

        response = Walk(gateway).back()

        assert "/connect/oauth2/authorize?" in header(response, "Location")
        with pytest.raises(FlowExpired):
            Walk(gateway, restarted=True).back()

    def test_a_website_flow_starts_over_at_its_qr_page(self, gateway, wechat):
        """The restart uses the same app as the flow that failed."""
        wechat.script(TOKEN, {"errcode": 40163, "errmsg": "code been used"})

        response = Walk(gateway).back(appid=WEBSITE)

        assert "/connect/qrconnect?" in header(response, "Location")

    def test_wechats_refusal_keeps_its_code(self, walk, wechat):
        """A wrong AppSecret is the operator's to see, not the person's."""
        wechat.script(TOKEN, {"errcode": 40125, "errmsg": "invalid appsecret, rid: 1"})

        with pytest.raises(WeChatRefused) as caught:
            walk.back()

        assert (caught.value.errcode, caught.value.status) == (40125, 502)

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
        ids=lambda answer: repr(getattr(answer, "body", answer))[:30],
    )
    def test_an_answer_that_is_not_wechats_protocol(self, walk, wechat, answer):
        """HTML, nothing, 5xx, no openid or too late: said, with a way on."""
        wechat.script(TOKEN, answer)

        with pytest.raises(WeChatUnavailable) as caught:
            walk.back()

        assert caught.value.start_again == "/login?next=%2Forders"
        assert APP_SECRET not in repr(caught.value)

    @pytest.mark.case(56)
    def test_a_snapshot_user_gets_no_session(self, walk, wechat):
        """WeChat's virtual user is nobody."""
        wechat.script(TOKEN, {**GRANTED, "is_snapshotuser": 1})

        with pytest.raises(SnapshotUser):
            walk.back()

    @pytest.mark.case(57)
    def test_a_missing_unionid_is_never_replaced_by_the_openid(self, walk, wechat):
        """The operator chose unionid; another name would be another person."""
        wechat.script(TOKEN, {**GRANTED, "unionid": None})
        wechat.script(USERINFO, {**PERSON, "unionid": None})

        with pytest.raises(SubjectMissing):
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
