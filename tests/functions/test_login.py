"""The login function: the ways into WeChat, who is signed in, and signing out."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.login.index import handle
from runtime.errors import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    ServiceUnavailable,
    SignInNotConfigured,
)
from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.conftest import make_environ
from tests.functions.scripted import (
    COOKIE,
    HTML,
    IN_WECHAT,
    SERVICE,
    WEBSITE,
    ask,
    change,
    cookie,
    header,
    load,
)

JSON = (("accept", "application/json"),)


def signed_in(gateway, **profile):
    session = gateway.sessions.begin("u-1", profile, now=gateway.clock())
    name, _, value = gateway.sessions.cookie(session, now=gateway.clock())[1].partition(
        "="
    )
    return {name: value.split(";")[0]}


def flow_of(gateway, url):
    """Return the flow that an authorize address carries."""
    return gateway.flows.find(dict(parse_qsl(urlsplit(url).query))["state"])


class TestSignInPage:
    def test_a_desktop_browser_gets_the_qr_code_in_a_frame(self, gateway):
        """The page's script is told WeChat's QR page for this flow."""
        response = handle(ask(headers=HTML), gateway)

        frame = re.search(r'data-frame="([^"]+)"', response.body.decode())
        url = html.unescape(frame[1])
        pairs = parse_qsl(urlsplit(url).query)
        assert response.status == 200
        assert url.startswith("https://open.weixin.qq.com/connect/qrconnect?appid=")
        assert [name for name, _ in pairs] == [
            *("appid", "redirect_uri", "response_type", "scope", "state"),
            *("login_type", "self_redirect"),
        ]
        assert dict(pairs)["appid"] == WEBSITE
        assert flow_of(gateway, url).appids == (WEBSITE, SERVICE)

    @pytest.mark.case(63)
    @pytest.mark.bug(2, 6)
    def test_wechats_own_browser_goes_straight_to_the_consent_sheet(self, gateway):
        """The address is WeChat's to the letter: order, encoding, fragment."""
        response = handle(ask(headers=HTML + IN_WECHAT), gateway)

        location = header(response, "Location")
        state = dict(parse_qsl(urlsplit(location).query))["state"]
        assert response.status == 303
        assert location == (
            f"https://open.weixin.qq.com/connect/oauth2/authorize?appid={SERVICE}"
            "&redirect_uri=https%3A%2F%2Fgateway.example.com%2Foauth_callback%2F"
            f"{SERVICE}&response_type=code&scope=snsapi_userinfo&state={state}"
            "#wechat_redirect"
        )
        assert re.fullmatch("[0-9a-f]{32}", state)

    @pytest.mark.parametrize("agent", ["wxwork/4.1", "miniProgram/wx1"])
    def test_wecom_and_mini_program_views_are_not_wechats_browser(self, gateway, agent):
        """They cannot open the consent sheet, so they get a page."""
        headers = (*HTML, ("user-agent", f"iPhone MicroMessenger/8.0 {agent}"))

        assert handle(ask(headers=headers), gateway).status == 200

    def test_a_front_end_gets_the_addresses_as_json(self, gateway):
        """A page that renders itself learns both ways and the client's name."""
        response = handle(ask(query="next=%2Fa", headers=JSON), gateway)

        content = load(response)
        assert list(content) == ["client", "qr", "wechat", "next"]
        assert content["next"] == "/a"
        assert content["qr"]["appid"] == WEBSITE
        assert "/connect/oauth2/authorize?" in content["wechat"]["url"]

    def test_the_flow_cookie_is_the_flows_own_and_closed(self, gateway):
        """HttpOnly, Secure, Lax, host-bound, ten minutes, named after the state."""
        response = handle(ask(headers=HTML + IN_WECHAT), gateway)

        state = dict(parse_qsl(urlsplit(header(response, "Location")).query))["state"]
        name, _, attributes = header(response, "Set-Cookie").partition("=")
        assert name == f"__Host-flow_{state[:8]}"
        assert attributes.split("; ")[1:] == [
            *("Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax", "Secure")
        ]

    @pytest.mark.case(15, 17)
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("next=%2Forders%3Fa%3D1", "/orders?a=1"),
            ("next=https%3A%2F%2Fapp.example.com%2Fx", "https://app.example.com/x"),
            ("next=https%3A%2F%2Fevil.example.com%2Fx", "/login/me"),
            ("next=%2F%2Fevil.example.com", "/login/me"),
            ("next=%2Fa&next=%2Fb", "/login/me"),
            ("next=%2Flogout", "/login/me"),
            ("", "/login/me"),
        ],
    )
    def test_next_is_ours_or_an_origin_of_the_client(self, gateway, query, expected):
        """Nobody is sent to a stranger's address."""
        response = handle(ask(query=query, headers=HTML + IN_WECHAT), gateway)

        assert flow_of(gateway, header(response, "Location")).next == expected

    def test_only_the_ways_that_are_configured_are_shown(self, gateway):
        """Without a website app there is no QR code and no broken address."""
        change(gateway, "clients", "demo", scopes={SERVICE: []})

        response = handle(ask(headers=HTML), gateway)

        assert b"<iframe" not in response.body
        assert load(handle(ask(headers=JSON), gateway))["qr"] is None

    def test_qr_only_inside_wechat_gets_a_page_instead_of_a_broken_address(
        self, gateway
    ):
        """WeChat's browser without a service account is told so."""
        change(gateway, "clients", "demo", scopes={WEBSITE: []})

        assert handle(ask(headers=HTML + IN_WECHAT), gateway).status == 200

    @pytest.mark.parametrize("fields", [{"scopes": {}}, {"disabled": True}])
    def test_nothing_configured_is_said_so(self, gateway, fields):
        """A client without apps, or a disabled one, cannot sign anybody in."""
        change(gateway, "clients", "demo", **fields)
        if "disabled" not in fields:
            response = handle(ask(headers=HTML), gateway)

            assert b"connect/" not in response.body
        else:
            with pytest.raises(SignInNotConfigured):
                handle(ask(headers=HTML), gateway)

    @pytest.mark.case(119)
    def test_a_query_that_is_not_utf8_is_refused(self, gateway):
        """%FF is no text."""
        with pytest.raises(BadRequest):
            handle(ask(query="next=%FF"), gateway)


class TestWhoAmI:
    def test_a_session_tells_who_is_signed_in(self, gateway):
        """The claims are OpenID Connect's names and ours with wechat_ in front."""
        profile = {"name": "张三😀", "wechat_openid": "o1"}

        response = handle(
            ask(path="/me", cookies=signed_in(gateway, **profile)), gateway
        )

        assert load(response) == {"sub": "u-1", **profile, "auth_time": 1800000000}
        assert header(response, "Cache-Control") == "no-store"

    @pytest.mark.case(42, 111)
    @pytest.mark.parametrize("change_", ["none", "forged", "expired", "signed out"])
    def test_nobody_is_signed_in_by_a_bad_cookie(self, gateway, clock, change_):
        """No cookie, a forged or expired one, and one signed out: 401."""
        cookies = signed_in(gateway)
        if change_ == "none":
            cookies = None
        elif change_ == "forged":
            value = cookies[COOKIE]
            cookies = {COOKIE: value[:-1] + ("0" if value[-1] != "0" else "1")}
        elif change_ == "expired":
            clock.now += 7 * 86400 + 1
        else:
            session = gateway.sessions.of(ask(cookies=cookies), now=clock())
            gateway.sessions.end(session)

        with pytest.raises(NotSignedIn):
            handle(ask(path="/me", cookies=cookies), gateway)

    def test_a_cookie_that_is_signed_but_not_ours_in_shape_is_nobody(self, gateway):
        """Another use of the same cookie secret does not sign in."""
        from runtime.cookies import sign_cookie

        keys = gateway.settings.cookie_secrets
        for text in ("hello", "[]", '{"v":1}'):
            value = sign_cookie(COOKIE, text, keys=keys, now=gateway.clock())
            with pytest.raises(NotSignedIn):
                handle(ask(path="/me", cookies={COOKIE: value}), gateway)


class TestLogout:
    def form(self, gateway, cookies):
        page = handle(ask(path="/logout", headers=HTML, cookies=cookies), gateway)
        return re.search(r'name="_xsrf"[^>]* value="([^"]+)"', page.body.decode())[1]

    @pytest.mark.case(43)
    def test_our_own_form_ends_the_session(self, gateway):
        """The session is gone in Redis, and the cookie is taken away."""
        cookies = signed_in(gateway)
        body = f"_xsrf={self.form(gateway, cookies)}".encode()

        response = handle(
            ask("POST", "/logout", body=body, cookies=cookies, headers=HTML), gateway
        )

        assert cookie(response) == {COOKIE: ""}
        with pytest.raises(NotSignedIn):
            handle(ask(path="/me", cookies=cookies), gateway)

    def test_a_front_end_sends_the_token_in_a_header(self, gateway):
        """A script signs out with X-XSRFToken and gets JSON."""
        cookies = signed_in(gateway)
        token = (("x-xsrftoken", self.form(gateway, cookies)),)

        response = handle(
            ask("POST", "/logout", headers=token, cookies=cookies), gateway
        )

        assert load(response) == {"signed_out": True}

    @pytest.mark.case(43)
    @pytest.mark.parametrize("body", [b"", b"_xsrf=x", b"_xsrf=\xff"])
    def test_another_sites_form_signs_nobody_out(self, gateway, body):
        """Without our token the session stays."""
        cookies = signed_in(gateway)

        with pytest.raises((Forbidden, BadRequest)):
            handle(ask("POST", "/logout", body=body, cookies=cookies), gateway)

        assert handle(ask(path="/me", cookies=cookies), gateway).status == 200

    @pytest.mark.case(43)
    def test_the_token_of_another_session_signs_nobody_out(self, gateway):
        """A form token is bound to its session."""
        mine, theirs = signed_in(gateway), signed_in(gateway)
        body = f"_xsrf={self.form(gateway, mine)}".encode()

        with pytest.raises(Forbidden):
            handle(ask("POST", "/logout", body=body, cookies=theirs), gateway)

    @pytest.mark.case(43)
    def test_get_alone_signs_nobody_out(self, gateway):
        """A link or an image cannot sign out."""
        cookies = signed_in(gateway)

        handle(ask(path="/logout", headers=HTML, cookies=cookies), gateway)

        assert handle(ask(path="/me", cookies=cookies), gateway).status == 200

    def test_without_a_session_there_is_nothing_to_ask(self, gateway):
        """The page says that one is signed out."""
        response = handle(ask(path="/logout", headers=HTML), gateway)

        assert b"_xsrf" not in response.body

    @pytest.mark.case(43)
    def test_a_form_without_a_cookie_takes_none_away(self, gateway):
        """Another site's comes without it, and its answer could remove it."""
        page = handle(ask("POST", "/logout", headers=HTML), gateway)
        told = handle(ask("POST", "/logout", headers=JSON), gateway)

        assert (303, "/logout") == (page.status, header(page, "Location"))
        assert {"signed_out": True} == load(told)
        assert "Set-Cookie" not in dict(page.headers + told.headers)


class TestBadInput:
    def test_an_unknown_path_is_not_found(self, gateway):
        """The login function answers its own paths only."""
        with pytest.raises(NotFound):
            handle(ask(path="/nowhere"), gateway)

    def test_a_wrong_method_names_the_right_ones(self, gateway):
        """405 tells what is allowed."""
        with pytest.raises(MethodNotAllowed) as caught:
            handle(ask("POST", "/me"), gateway)

        assert caught.value.allowed == ("GET",)

    @pytest.mark.case(124)
    @pytest.mark.parametrize("path", ["/", "/me"])
    def test_without_redis_nobody_is_let_in(self, tmp_path, gateway, clock, path):
        """Redis away is 503 with a time to come back, never a sign-in."""
        cookies = signed_in(gateway)
        environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
        cut_off = Gateway(settings_from(environ), clock=clock)

        with pytest.raises(ServiceUnavailable) as caught:
            handle(ask(path=path, headers=HTML, cookies=cookies), cut_off)

        assert (caught.value.status, caught.value.retry_after) == (503, 2)


def test_a_session_token_signs_out_without_a_form(gateway):
    """A mini program has no form of ours; no other site makes anybody send Bearer."""
    session = gateway.sessions.begin("u-1", {}, now=gateway.clock())
    token = gateway.sessions.token(session, now=gateway.clock())
    bearer = (("authorization", f"Bearer {token}"),)
    assert handle(ask(path="/me", headers=bearer), gateway).status == 200

    response = handle(ask("POST", "/logout", headers=bearer), gateway)
    assert load(response) == {"signed_out": True}
    with pytest.raises(NotSignedIn):
        handle(ask(path="/me", headers=bearer), gateway)


def test_a_front_end_that_renders_itself_gets_the_token_of_its_form(gateway):
    """And its POST with that signs out."""
    cookies = signed_in(gateway)
    told = load(handle(ask(path="/logout", headers=JSON, cookies=cookies), gateway))
    headers = (*JSON, ("x-xsrftoken", told["_xsrf"]))
    response = handle(ask("POST", "/logout", headers=headers, cookies=cookies), gateway)

    assert told["signed_in"] is True
    assert load(response) == {"signed_out": True}
    assert load(handle(ask(path="/logout", headers=JSON), gateway)) == {
        "signed_in": False,
        "_xsrf": None,
    }
