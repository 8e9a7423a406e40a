"""The callback: whose browser comes back, and with which flow."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from runtime.errors import (
    CookieMissing,
    FlowExpired,
)
from tests.support.callback_flows import StartedFlow
from tests.support.refusal import refusal
from tests.support.scripted_wechat import (
    SERVICE,
    WEBSITE,
    cookie,
    header,
)


class TestBinding:
    @pytest.mark.case(33)
    def test_another_browsers_cookie_is_refused(self, gateway, walk, wechat):
        """A user who opens another user's callback does not sign in to that flow."""
        other = StartedFlow(gateway)
        forged = dict(zip(walk.cookies, other.cookies.values(), strict=True))

        with refusal(FlowExpired):
            walk.back(cookies=forged)

        assert wechat.seen == []

    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    def test_a_lost_cookie_starts_over_once(self, gateway, walk, wechat):
        """The second time a page asks the user."""
        again = walk.back(cookies={})
        location = header(again, "Location")
        walk.state = dict(parse_qsl(urlsplit(location).query))["state"]

        assert location.startswith("https://open.weixin.qq.com/connect/oauth2/auth")
        assert cookie(again)
        with refusal(CookieMissing):
            walk.back(cookies={})
        assert wechat.seen == []

    @pytest.mark.case(38)
    def test_a_code_is_not_taken_at_another_apps_address(self, gateway, wechat):
        """A callback at another app's path is refused, known or unknown."""
        walk = StartedFlow(gateway, appids=(WEBSITE,))

        for appid in (SERVICE, "wx" + "0" * 16):
            with refusal(FlowExpired):
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

        with refusal(FlowExpired) as caught:
            walk.back()

        assert caught.links.start_again == "/login"

    @pytest.mark.case(39)
    def test_two_tabs_both_finish(self, gateway, willing):
        """Each flow has a cookie of its own."""
        one, two = StartedFlow(gateway), StartedFlow(gateway, next="/b")
        both = {**one.cookies, **two.cookies}

        places = [header(each.back(cookies=both), "Location") for each in (one, two)]
        assert places == ["/orders", "/b"]

    @pytest.mark.case(20)
    def test_next_is_checked_again_on_the_way_out(self, gateway, willing):
        """A stored `next` is checked again."""
        walk = StartedFlow(gateway, next="https://evil.example.com/")

        assert header(walk.back(), "Location") == "/login/me"
