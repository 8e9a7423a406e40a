"""The login function: the ways into WeChat, who is signed in, and signing out."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from runtime.errors import (
    BadRequest,
    ClientDisabled,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
)
from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.handles import login as handle
from tests.support.scripted_wechat import (
    HTML,
    IN_WECHAT,
    SERVICE,
    WEBSITE,
    ask,
    change,
    header,
    load,
    signed_in,
)

JSON = (("accept", "application/json"),)


def flow_of(gateway, url):
    """Return the flow that an authorize address carries."""
    return gateway.flows.find(dict(parse_qsl(urlsplit(url).query))["state"])


class TestSignInPage:
    def test_a_desktop_browser_gets_the_qr_code_in_a_frame(self, gateway):
        """The page's script gets the URL of WeChat's QR code for this flow."""
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
        """The URL is exactly WeChat's: order, encoding, fragment."""
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
        """A page that renders itself gets both URLs and the client's name."""
        response = handle(ask(query="next=%2Fa", headers=JSON), gateway)

        content = load(response)
        assert list(content) == ["client", "qr", "page_qr", "wechat", "wecom", "next"]
        assert content["next"] == "/a"
        assert content["qr"]["appid"] == WEBSITE
        assert "/connect/oauth2/authorize?" in content["wechat"]["url"]

    def test_the_flow_cookie_is_the_flows_own_and_closed(self, gateway):
        """HttpOnly, Secure, Lax, host-bound, an hour, named after the state."""
        response = handle(ask(headers=HTML + IN_WECHAT), gateway)

        state = dict(parse_qsl(urlsplit(header(response, "Location")).query))["state"]
        name, _, attributes = header(response, "Set-Cookie").partition("=")
        assert name == f"__Host-flow_{state[:8]}"
        assert attributes.split("; ")[1:] == [
            *("Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax", "Secure")
        ]

    @pytest.mark.case(15, 17)
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("next=%2Forders%3Fa%3D1", "/orders?a=1"),
            ("next=https%3A%2F%2Fapp.example.com%2Fx", "https://app.example.com/x"),
            ("next=https%3A%2F%2Fgateway.example.com%2Fa%3Fb", "/a?b"),
            ("next=https%3A%2F%2Fgateway.example.com%2Flogout", "/login/me"),
            ("next=https%3A%2F%2Fevil.example.com%2Fx", "/login/me"),
            ("next=%2F%2Fevil.example.com", "/login/me"),
            ("next=%2Fa&next=%2Fb", "/login/me"),
            ("next=%2Flogout", "/login/me"),
            ("", "/login/me"),
        ],
    )
    def test_next_is_ours_or_an_origin_of_the_client(self, gateway, query, expected):
        """No redirect leads to an unregistered origin."""
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
        """In WeChat's browser without a service account the page says so."""
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
            with pytest.raises(ClientDisabled):
                handle(ask(headers=HTML), gateway)

    @pytest.mark.case(119)
    def test_a_query_that_is_not_utf8_is_refused(self, gateway):
        """%FF is no text."""
        with pytest.raises(BadRequest):
            handle(ask(query="next=%FF"), gateway)


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
        """Without Redis the answer is 503 with Retry-After, never a sign-in."""
        cookies = signed_in(gateway)
        environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
        cut_off = Gateway(settings_from(environ), clock=clock)

        with pytest.raises(ServiceUnavailable) as caught:
            handle(ask(path=path, headers=HTML, cookies=cookies), cut_off)

        assert (caught.value.status, caught.value.retry_after) == (503, 2)
