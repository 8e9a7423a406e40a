"""From a mini program into its web-view: a code, a page that asks, one session."""

from __future__ import annotations

import html
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.crypto.encoding import base64url
from runtime.errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    NotAdmitted,
    NotSignedIn,
    SignInNotConfigured,
    WebViewCodeExpired,
)
from runtime.sign_in.sessions import WEB_VIEW
from tests.support.handles import login
from tests.support.known_users import enter
from tests.support.mini_programs import (
    OPENID,
    OTHER_APPID,
    add_app,
    open_for_business,
    post_js_code,
)
from tests.support.phone_and_computer import Device
from tests.support.relay import Relay
from tests.support.scripted_wechat import (
    HTML,
    NOW,
    SERVICE,
    ask,
    change,
    cookie,
    header,
    load,
    signed_in,
)
from tests.support.wechat_vectors import APPID

WECHAT = (("user-agent", "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0"),)
IN_WEB_VIEW = (("user-agent", f"{WECHAT[0][1]} miniProgram/{APPID}"),)
JSON = ("content-type", "application/json")
SESSION = "__Host-gateway_session"


@pytest.fixture
def token(gateway, wechat):
    """The session token of a mini program's user."""
    open_for_business(gateway, wechat)
    return post_js_code(gateway)[2]["session_token"]


def issue(gateway, token, *, next_="/orders", headers=(JSON,), body=None):
    sent = (*headers, *((("authorization", f"Bearer {token}"),) if token else ()))
    content = json.dumps({"next": next_}).encode() if body is None else body
    asked = ask("POST", "/miniprogram/webview", headers=sent, body=content)
    return load(login(asked, gateway))


@pytest.fixture
def code(gateway, token):
    return issue(gateway, token)["url"].partition("code=")[2]


class WebView(Device):
    """A browser in which the mini program opens the URL."""

    def __init__(self, gateway, *, agent=IN_WEB_VIEW):
        super().__init__(gateway, *agent)

    def open(self, code):
        self.page = self.get("/webview", f"code={code}")
        return self.page

    def fields(self):
        pairs = re.findall(r'name="(\w+)" value="([^"]*)"', self.page.body.decode())
        return {name: html.unescape(value) for name, value in pairs}

    def go_on(self, **changes):
        return self.post("/webview", **{**self.fields(), **changes})

    def goes_on_at_once(self):
        return b"/login/continue.js" in self.page.body

    def session(self):
        return self.gateway.sessions.of(ask(cookies=self.cookies), now=NOW)


class TestSignIn:
    def test_the_user_is_signed_in_there(self, gateway, token, code):
        """With the time of wx.login and a mark, and goes on to `next`."""
        view = WebView(gateway)
        asked, gone = view.open(code), view.go_on()
        session = view.session()

        assert (200, 200) == (asked.status, gone.status)
        assert b'content="0; url=/orders"' in gone.body
        assert (OPENID, APPID, WEB_VIEW) == (session.sub, session.app, session.way)
        assert int(NOW) == session.at
        assert not session.may_open_console
        assert OPENID == gateway.sessions.profile(session)["wechat_openid"]

    def test_the_answer(self, gateway, token):
        """The URL of our page, for a minute."""
        told = issue(gateway, token)

        assert {"url", "expires_in"} == told.keys()
        assert 60 == told["expires_in"]
        assert re.fullmatch(
            r"https://gateway\.example\.com/login/webview\?code=[\w-]{32}", told["url"]
        )

    @pytest.mark.parametrize(
        ("agent", "at_once"),
        [
            (IN_WEB_VIEW, True),
            (WECHAT, True),
            ((("user-agent", "Mozilla/5.0 (iPhone) Safari"),), False),
            ((("user-agent", "Mozilla/5.0 wxwork/4.1 MicroMessenger"),), False),
            ((), False),
        ],
    )
    def test_at_once_only_inside_wechat(self, gateway, code, agent, at_once):
        """Elsewhere the user has to tap, and is told to think."""
        view = WebView(gateway, agent=agent)
        page = view.open(code)

        assert at_once == view.goes_on_at_once()
        assert at_once != (b'class="warning"' in page.body)
        assert "script-src" in header(page, "Content-Security-Policy") or not at_once

    @pytest.mark.case(150)
    def test_where_somebody_else_is_signed_in(self, gateway, code):
        """The page says so and waits; then that session is over."""
        view = WebView(gateway)
        view.cookies = signed_in(gateway, name="李四", wechat_appid=SERVICE)
        before = view.session()
        page = view.open(code)
        assert not view.goes_on_at_once()
        assert "另一位用户" in page.body.decode()
        view.go_on()

        assert OPENID == view.session().sub
        with pytest.raises(NotSignedIn):
            gateway.sessions.profile(before)

    def test_where_the_same_user_is_signed_in(self, gateway, token, code):
        """Nothing is asked."""
        view = WebView(gateway)
        view.open(issue(gateway, token)["url"].partition("code=")[2])
        view.go_on()
        view.open(code)

        assert view.goes_on_at_once()

    def test_an_ended_session_is_nobodys(self, gateway, code):
        """Its cookie keeps no one from going on at once."""
        view = WebView(gateway)
        view.cookies = signed_in(gateway, wechat_appid=SERVICE)
        gateway.sessions.end(view.session())
        view.open(code)

        assert view.goes_on_at_once()

    def test_the_name_on_the_page(self, gateway, token, code):
        """That of the session's profile."""
        session = gateway.sessions.of(
            ask(headers=(("authorization", f"Bearer {token}"),)), now=gateway.clock()
        )
        profile = {**gateway.sessions.profile(session), "name": "张三<"}
        gateway.redis_store.put_all([gateway.sessions.entry(session, profile)])
        page = WebView(gateway).open(code).body.decode()

        assert "<h1>以 张三&lt; 的身份继续？</h1>" in page
        assert ">以 张三&lt; 的身份继续</button>" in page

    def test_a_page_without_a_name(self, gateway, code):
        """WeChat tells none; an operator's name is for operators, an openid nobody's.

        The heading names the mini program's user, and does not say "you": the code may
        be another person's.
        """
        enter(gateway, OPENID, name="Big customer")
        page = WebView(gateway).open(code).body.decode()

        assert "<h1>以小程序用户的身份继续？</h1>" in page
        assert ">继续</button>" in page
        assert "Big customer" not in page
        assert OPENID not in page

    def test_next_on_an_origin_of_the_client(self, gateway, token):
        """As at /login."""
        url = "https://app.example.com/a?b=c"
        view = WebView(gateway)
        view.open(issue(gateway, token, next_=url)["url"].partition("code=")[2])

        assert f'url={url}"'.encode() in view.go_on().body

    def test_each_answer_sets_one_cookie(self, gateway, code):
        """FC 3.0 passes no more."""
        view = WebView(gateway)
        answers = [view.open(code), view.go_on()]

        assert ["__Host-web_view", SESSION] == [
            next(iter(cookie(each))) for each in answers
        ]


@pytest.mark.case(150)
class TestWhoseForm:
    def test_a_form_of_another_site(self, gateway, code):
        """It has no cookie of this page's, or a token of another browser's."""
        mine, other = WebView(gateway), WebView(gateway)
        mine.open(code)
        other.open(code)
        fields = mine.fields()

        for cookies in ({}, other.cookies, {"__Host-web_view": ""}):
            victim = WebView(gateway)
            victim.cookies = dict(cookies)
            with pytest.raises(Forbidden):
                victim.post("/webview", **fields)
            assert SESSION not in victim.cookies
        assert 200 == mine.go_on().status

    @pytest.mark.parametrize("proof", ["", "x", "1|2|3"])
    def test_a_token_that_is_none(self, gateway, code, proof):
        """Nothing is used up by it."""
        view = WebView(gateway)
        view.open(code)
        with pytest.raises(Forbidden):
            view.go_on(_xsrf=proof)

        assert 200 == view.go_on().status

    def test_another_code_in_the_form(self, gateway, token, code):
        """The token is of one code."""
        view = WebView(gateway)
        view.open(code)
        with pytest.raises(Forbidden):
            view.go_on(code=issue(gateway, token)["url"].partition("code=")[2])


@pytest.mark.case(151)
class TestOnce:
    def test_to_look_uses_nothing_up(self, gateway, code):
        """However often, by whatever fetches it."""
        for agent in (IN_WEB_VIEW, (("user-agent", "curl/8"),), ()):
            WebView(gateway, agent=agent).open(code)
        view = WebView(gateway)
        view.open(code)

        assert 200 == view.go_on().status

    def test_the_same_browser_twice(self, gateway, code):
        """It gets the same session."""
        view = WebView(gateway)
        view.open(code)
        view.go_on()
        first = view.session()
        view.go_on()

        assert first == view.session()

    def test_the_same_browser_after_a_sign_out(self, gateway, code):
        """The ended session stays ended."""
        view = WebView(gateway)
        view.open(code)
        view.go_on()
        gateway.sessions.end(view.session())

        with pytest.raises(WebViewCodeExpired):
            view.go_on()

    def test_another_browser_comes_too_late(self, gateway, code):
        """It has seen the page, and gets nothing."""
        first, second = WebView(gateway), WebView(gateway)
        first.open(code)
        second.open(code)
        first.go_on()

        with pytest.raises(WebViewCodeExpired):
            second.go_on()
        assert SESSION not in second.cookies

    def test_many_browsers_at_once(self, gateway, code):
        """One of them is signed in."""
        views = [WebView(gateway) for _ in range(12)]
        for view in views:
            view.open(code)

        def attempt(view):
            try:
                return view.go_on().status
            except WebViewCodeExpired:
                return 400

        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(attempt, views))

        assert [200] + [400] * 11 == sorted(found)

    def test_after_a_minute(self, gateway, code, redis_server):
        """Page and form are over."""
        view = WebView(gateway)
        view.open(code)
        redis = redis_server.client()
        keys = list(redis.scan_iter("gateway:web_view:*"))
        assert all(0 < redis.pttl(key) <= 60_000 for key in keys)
        redis.delete(*keys)

        with pytest.raises(WebViewCodeExpired):
            view.go_on()
        with pytest.raises(WebViewCodeExpired):
            view.open(code)

    def test_a_lost_answer_of_redis(self, gateway, code, redis_server):
        """The command is repeated and the code still redeemed."""
        from runtime.sign_in.web_view_codes import WebViewCodes
        from runtime.state.redis_clients import connect
        from runtime.state.redis_store import RedisStore

        with Relay(redis_server.port) as relay:
            codes = WebViewCodes(RedisStore(lambda: connect(relay.url)))
            assert codes.find(code)
            relay.begin(swallow=1)
            redeemed = codes.redeem(code, browser="b")

        assert (OPENID, "/orders", False) == (
            redeemed.user.sub,
            redeemed.user.next,
            redeemed.repeated,
        )

    def test_redis_holds_no_code(self, gateway, code, redis_server):
        """Only its hash."""
        redis = redis_server.client()
        held = [*redis.scan_iter("*")]

        assert held
        assert not [key for key in held if code.encode() in key]


@pytest.mark.case(152)
class TestRefused:
    def test_without_a_token(self, gateway, token):
        """Nor with one that nobody has issued."""
        for sent in (None, "x", token[:-8]):
            with pytest.raises(NotSignedIn):
                issue(gateway, sent)

    def test_the_cookie_of_a_browser(self, gateway, token):
        """It comes by itself, so another site could send it."""
        headers = (JSON, ("cookie", f"{SESSION}={_cookie_of(token)}"))
        with pytest.raises(NotSignedIn):
            issue(gateway, None, headers=headers)

    def test_a_session_of_the_web(self, gateway, token):
        """Its cookie's value in a token's form is none of a mini program's."""
        value = signed_in(gateway, wechat_appid=SERVICE)[SESSION]

        assert "not_of_mini_program" == _error(gateway, base64url(value.encode()))

    def test_the_session_of_a_web_view(self, gateway, code):
        """It could prolong itself for ever."""
        view = WebView(gateway)
        view.open(code)
        view.go_on()
        value = view.cookies[SESSION]

        assert "not_of_mini_program" == _error(gateway, base64url(value.encode()))

    def test_a_mini_program_of_another_client(self, gateway, token):
        """LOGIN_CLIENT's services read the session: its apps alone begin one."""
        add_app(gateway, OTHER_APPID)
        change(gateway, "clients", "demo", scopes={SERVICE: [], OTHER_APPID: []})

        assert "not_of_mini_program" == _error(gateway, token)

    @pytest.mark.parametrize(
        "next_",
        [
            "https://evil.example.com/",
            "//evil.example.com",
            "/\\evil.example.com",
            "/logout",
            "/login?next=/x",
            "javascript:alert(1)",
            "",
        ],
    )
    def test_a_next_that_leads_elsewhere(self, gateway, token, next_):
        """A programmer is told, where a page would take the default."""
        assert "next_refused" == _error(gateway, token, next_=next_)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"next": 1}', b"{"])
    def test_a_body_without_next(self, gateway, token, body):
        """It is no request."""
        with pytest.raises(BadRequest):
            issue(gateway, token, body=body)

    def test_a_form_is_no_json(self, gateway, token):
        """Another site could post one."""
        headers = (("content-type", "text/plain"),)

        assert "json_required" == _error(gateway, token, headers=headers)

    @pytest.mark.parametrize("when", ["before the page", "before the form"])
    def test_the_mini_programs_session_has_ended(self, gateway, token, code, when):
        """The code ends with it."""
        view = WebView(gateway)
        if when == "before the form":
            view.open(code)
        headers = (("authorization", f"Bearer {token}"),)
        gateway.sessions.end(gateway.sessions.of(ask(headers=headers), now=NOW))

        with pytest.raises(WebViewCodeExpired):
            view.go_on() if when == "before the form" else view.open(code)

    def test_the_app_is_taken_from_the_client(self, gateway, code):
        """Between the code and its form."""
        view = WebView(gateway)
        view.open(code)
        change(gateway, "clients", "demo", scopes={SERVICE: []})

        with pytest.raises(SignInNotConfigured):
            view.go_on()

    def test_a_user_who_is_not_admitted(self, gateway, token, code):
        """Neither by a new code nor by an old one."""
        view = WebView(gateway)
        view.open(code)
        change(gateway, "clients", "demo", allow="known")
        page = view.go_on()

        assert 403 == page.status
        assert SESSION not in view.cookies
        with pytest.raises(NotAdmitted):
            issue(gateway, token)

    def test_what_redis_holds_is_not_trusted(self, gateway, token, redis_server):
        """An origin that the client has lost meanwhile is not led to."""
        url = "https://app.example.com/x"
        view = WebView(gateway)
        view.open(issue(gateway, token, next_=url)["url"].partition("code=")[2])
        change(gateway, "clients", "demo", origins=[])

        assert b"app.example.com" not in view.go_on().body


def test_the_log_is_silent(gateway, token, code, caplog):
    """Neither code nor user is in it."""
    caplog.set_level(logging.DEBUG)
    view = WebView(gateway)
    view.open(code)
    view.go_on()
    login(ask("GET", "/webview", f"code={code}", headers=HTML), gateway)

    assert [] == [word for word in (code, OPENID, token) if word in caplog.text]


def _cookie_of(token):
    from runtime.crypto.encoding import from_base64url

    return from_base64url(token).decode()


def _error(gateway, token, **more):
    with pytest.raises(GatewayError) as caught:
        issue(gateway, token, **more)
    return caught.value.code
