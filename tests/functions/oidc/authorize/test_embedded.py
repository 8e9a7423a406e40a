"""display=embedded: a sign-in in a frame of the client's own page."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from runtime.broker.start import MOST_RENEWALS
from runtime.errors import RateLimited, RedirectUriUnknown
from runtime.pages.pages import RENEW_SECONDS
from runtime.sign_in.flows import FLOW_SECONDS
from tests.support.client_sign_in import BACK, OIDC, Visit, query_of
from tests.support.embedded_sign_in import EMBEDDED, FRAMES, answer_of
from tests.support.handles import oidc
from tests.support.refusal import refusal
from tests.support.scripted_wechat import (
    HTML,
    IN_WECHAT,
    SERVICE,
    WEBSITE,
    change,
    header,
    load,
    signed_in,
)

POLICY = "frame-ancestors 'self' https://shop.example.com"


@pytest.fixture
def page(gateway, visit):
    """A browser on a desktop, and a client whose pages may frame."""
    change(gateway, "clients", "demo", frame_origins=FRAMES)
    visit.headers = HTML
    return visit


def frame_of(response):
    """Return the URL of WeChat's page in the page."""
    found = re.search(r'<iframe [^>]*src="([^"]+)"', response.body.decode())
    return found and unescape(found[1])


def renewal_of(response):
    """Return when the page is renewed, and from where."""
    form = r'http-equiv="refresh" content="([0-9]+); url=([^"]+)"'
    seconds, url = re.search(form, response.body.decode()).groups()
    return int(seconds), unescape(url)


def way_out_of(response):
    """Return where the page's one link leads."""
    (found,) = re.findall(r'<a [^>]*href="([^"]+)"', response.body.decode())
    return unescape(found)


class TestPage:
    def test_the_qr_code_stays_in_its_frame(self, page):
        """WeChat comes back in the frame, by the website app, to a flow of ours."""
        response = page.authorize(display=EMBEDDED)
        query = query_of(frame_of(response))

        assert response.status == 200
        assert (query["appid"], query["self_redirect"]) == (WEBSITE, "true")
        assert query["scope"] == "snsapi_login"
        assert query["state"] != "s-1"
        assert POLICY in header(response, "Content-Security-Policy")

    @pytest.mark.case(113, 135)
    def test_no_cookie_is_set(self, page):
        """A browser would not send it from a frame."""
        response = page.authorize(display=EMBEDDED)

        assert "Set-Cookie" not in dict(response.headers)
        assert "X-Frame-Options" not in dict(response.headers)

    @pytest.mark.case(135)
    def test_a_session_answers_nothing_unseen(self, page, gateway):
        """Else a page that frames it would sign in who only looked at it."""
        profile = {"wechat_appid": WEBSITE, "wechat_openid": "o", "wechat_scope": "s"}
        page.cookies = signed_in(gateway, **profile, wechat_unionid="u-1")

        assert page.authorize().status == 303
        assert frame_of(page.authorize(display=EMBEDDED))

    def test_the_page_renews_itself_before_the_flow_expires(self, page):
        """Or a user would scan in vain."""
        seconds, again = renewal_of(page.authorize(display=EMBEDDED))

        assert seconds == RENEW_SECONDS
        assert 300 < seconds < FLOW_SECONDS
        renewed = page.get(oidc, "/authorize", again.partition("?")[2])
        assert frame_of(renewed)
        assert way_out_of(renewed).endswith(urlencode(OIDC))

    def test_it_renews_itself_for_an_hour_and_not_for_ever(self, page):
        """Then the service has most likely forgotten the request."""
        response, count = page.authorize(display=EMBEDDED, ui_locales="en"), 1
        while frame_of(response) and count < 20:
            again = renewal_of(response)[1]
            response = page.get(oidc, "/authorize", again.partition("?")[2])
            count += 1

        assert count == MOST_RENEWALS + 2
        assert "been open for a long time" in response.body.decode()
        assert POLICY in header(response, "Content-Security-Policy")

    def test_the_link_is_the_same_request_for_a_window(self, page):
        """With a cookie, and no longer for a frame."""
        way = way_out_of(page.authorize(display=EMBEDDED))
        path, _, query = way.partition("?")

        assert path == "https://gateway.example.com/oidc/authorize"
        assert query == urlencode(OIDC)
        response = page.get(oidc, "/authorize", query)
        assert "Set-Cookie" in dict(response.headers)
        assert "frame-ancestors 'none'" in header(response, "Content-Security-Policy")

    @pytest.mark.parametrize("looks", ["phone", "in WeChat", "no website app"])
    def test_who_cannot_scan_gets_only_the_link(self, page, gateway, looks):
        """And no flow: the app inside WeChat is no way for a frame."""
        if looks == "no website app":
            change(gateway, "clients", "demo", scopes={SERVICE: []})
        else:
            agent = (("user-agent", "Mozilla/5.0 (iPhone) Mobile/15E148"),)
            page.headers = (*HTML, *(IN_WECHAT if looks == "in WeChat" else agent))
        response = page.authorize(display=EMBEDDED)

        assert frame_of(response) is None
        assert way_out_of(response).endswith(urlencode(OIDC))
        assert "open.weixin.qq.com" not in response.body.decode()
        assert POLICY in header(response, "Content-Security-Policy")

    def test_the_language_is_the_clients_choice(self, page):
        """By ui_locales, of our page and of WeChat's; no cookie keeps it."""
        english = page.authorize(display=EMBEDDED, ui_locales="en", lang="en")
        chinese = page.authorize(display=EMBEDDED, ui_locales="zh-CN")

        assert header(english, "Content-Language") == "en"
        assert query_of(frame_of(english))["lang"] == "en"
        assert "lang" not in query_of(frame_of(chinese))

    @pytest.mark.case(123)
    def test_a_flood_ends_on_a_page_in_the_frame(self, page, gateway):
        """It counts as any start of a sign-in."""
        for _ in range(int(gateway.settings.sign_ins_per_address)):
            page.authorize(display=EMBEDDED)
        with refusal(RateLimited) as caught:
            page.authorize(display=EMBEDDED)

        assert caught.links.framed_by == tuple(FRAMES)


class TestRefusals:
    @pytest.mark.case(136)
    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"state": None}, "state is missing"),
            (
                {"code_challenge": None, "code_challenge_method": None},
                "code_challenge is missing",
            ),
            ({"response_mode": "form_post"}, "response_mode must be query"),
        ],
        ids=["state", "challenge", "form"],
    )
    def test_what_binds_it_has_to_be_there(self, page, gateway, changes, named):
        """Also of a client to which a challenge is optional; told in the top window."""
        change(gateway, "clients", "demo", pkce="optional")
        told = answer_of(page.authorize(display=EMBEDDED, **changes))

        assert told["error"] == "invalid_request"
        assert named in told["error_description"]
        assert told.get("state") == changes.get("state", "s-1")

    @pytest.mark.case(135)
    def test_a_client_without_frame_origins_learns_the_option(self, visit):
        """At its redirect_uri, as any error."""
        response = visit.authorize(display=EMBEDDED)
        told = query_of(header(response, "Location"))

        assert told["error"] == "invalid_request"
        assert "client update demo --frame-origin" in told["error_description"]

    def test_an_app_cannot_frame(self, page, gateway):
        """Its own scheme is no page."""
        own = "com.example.app:/cb"
        change(gateway, "clients", "demo", native=True, redirect_uris=[own, BACK])
        response = page.authorize(display=EMBEDDED, redirect_uri=own)
        told = query_of(header(response, "Location"))

        assert "redirect_uri must be a web page" in told["error_description"]

    def test_an_unknown_redirect_uri_is_framed_by_nobody(self, page):
        """It is not known whose page it would be."""
        with pytest.raises(RedirectUriUnknown):
            page.authorize(display=EMBEDDED, redirect_uri=BACK + "/x")

    def test_any_other_display_is_ignored(self, page):
        """OpenID Connect Core, 3.1.2.1: it is a wish."""
        response = page.authorize(display="popup")

        assert "frame-ancestors 'none'" in header(response, "Content-Security-Policy")

    def test_prompt_none_is_as_without_a_frame(self, page):
        """Nobody sees that frame: the client's script in it reads the answer."""
        told = query_of(
            header(page.authorize(display=EMBEDDED, prompt="none"), "Location")
        )

        assert told["error"] == "login_required"

    def test_wechats_protocol_has_no_such_display(self, page):
        """It has no challenge."""
        page.headers = HTML
        response = page.connect(
            path="/connect/qrconnect", scope="snsapi_login", display=EMBEDDED
        )

        assert "frame-ancestors 'none'" in header(response, "Content-Security-Policy")


def test_discovery_names_it(gateway):
    """A client can find out."""
    visit = Visit(gateway, headers=())
    content = load(visit.get(oidc, "/.well-known/openid-configuration", ""))

    assert content["display_values_supported"] == ["page", EMBEDDED]
