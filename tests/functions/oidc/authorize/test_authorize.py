"""/oidc/authorize: sign-ins that succeed, and users who refuse."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from runtime.errors import SnapshotUser, WeChatUnavailable
from tests.support.client_sign_in import (
    GRANTED,
    answered,
    query_of,
    willing,
)
from tests.support.handles import oauth_callback, oidc
from tests.support.refusal import refusal
from tests.support.scripted_wechat import HTML, SERVICE, WEBSITE, change, header
from tests.support.signed_out import sign_out_at

ISSUER = "https://gateway.example.com"


class TestSignedIn:
    @pytest.fixture(autouse=True)
    def _wechat(self, wechat):
        willing(wechat)

    @pytest.mark.case(45, 96)
    def test_the_client_gets_code_state_and_issuer(self, visit):
        """And nothing else."""
        response = visit.agree(visit.authorize())
        told = query_of(header(response, "Location"))

        assert set(told) == {"code", "state", "iss"}
        assert (told["state"], told["iss"]) == ("s-1", ISSUER)
        assert response.status == 303

    @pytest.mark.case(47, 48, 49)
    @pytest.mark.bug(4)
    def test_a_repeated_callback_gets_the_same_code(self, visit, gateway, wechat):
        """Without a second exchange at WeChat, with whatever code of WeChat's."""
        begun = visit.authorize()
        first = header(visit.agree(begun), "Location")
        second = header(visit.agree(begun, code="another"), "Location")

        assert first == second
        assert len(wechat.calls("/sns/oauth2/access_token")) == 1

    @pytest.mark.case(85)
    def test_redis_holds_neither_state_nor_code(self, visit, shared_redis):
        """A reader of Redis cannot redeem a code."""
        begun = visit.authorize()
        state = query_of(header(begun, "Location"))["state"]
        code = query_of(header(visit.agree(begun), "Location"))["code"]
        redis = shared_redis.client()
        kinds = {
            b"string": redis.get,
            b"list": lambda key: redis.lindex(key, 0),
            b"hash": lambda key: b" ".join(redis.hvals(key)),
        }
        found = [
            (key + b" " + kinds[redis.type(key)](key)).decode()
            for key in redis.scan_iter("gateway:*")
        ]
        redis.close()

        assert len(found) >= 5
        assert [text for text in found if state in text or code in text] == []

    @pytest.mark.case(97)
    def test_who_is_signed_in_needs_no_wechat(self, visit, wechat):
        """Not even with prompt=none."""
        visit.agree(visit.authorize())
        asked = len(wechat.seen)

        assert "code" in answered(visit)
        assert "code" in answered(visit, prompt="none")
        assert len(wechat.seen) == asked

    @pytest.mark.case(98)
    @pytest.mark.parametrize(
        "prompt", ["login", "select_account", "consent", "login consent"]
    )
    def test_prompt_login_asks_wechat_again(self, visit, prompt):
        """Even if the user is signed in."""
        visit.agree(visit.authorize())

        location = header(visit.authorize(prompt=prompt), "Location")
        assert location.startswith("https://open.weixin.qq.com/")

    @pytest.mark.case(98)
    def test_prompt_consent_asks_on_a_page_where_wechat_does_not(self, visit, gateway):
        """WeChat tells the openid without asking; the page names the service."""
        change(gateway, "apps", SERVICE, oauth_scope="snsapi_base", subject="openid")
        visit.agree(visit.authorize(scope="openid"))
        page = visit.authorize(prompt="consent", state="s-2", ui_locales="en")
        shown = page.body.decode()

        assert page.status == 200
        assert "Sign in to Demo" in shown
        assert "will ask for your consent" not in shown
        state = re.search(r"&amp;state=([0-9a-f]{32})#", shown)[1]
        back = urlencode({"code": "wechat-code", "state": state})
        answer = visit.get(oauth_callback, f"/{SERVICE}", back)
        assert query_of(header(answer, "Location"))["state"] == "s-2"

    @pytest.mark.case(97, 99)
    def test_max_age_0_is_prompt_login(self, visit):
        """Even in the second of the sign-in, and with prompt=none it fails."""
        visit.agree(visit.authorize())
        anew = header(visit.authorize(max_age="0"), "Location")

        assert anew.startswith("https://open.weixin.qq.com/")
        told = answered(visit, max_age="0", prompt="none")
        assert told["error"] == "login_required"

    @pytest.mark.case(99)
    def test_max_age_counts_from_the_sign_in(self, visit, clock):
        """A session that is older is not enough; prompt=none then fails."""
        visit.agree(visit.authorize())
        clock.now += 10

        assert "code" in answered(visit, max_age="10")
        assert answered(visit, max_age="9", prompt="none")["error"] == "login_required"

    def test_a_session_of_another_app_is_not_enough(self, visit, gateway):
        """The same user has another openid there."""
        visit.agree(visit.authorize())
        change(gateway, "clients", "demo", scopes={WEBSITE: []})

        assert answered(visit, prompt="none")["error"] == "login_required"

    def test_who_was_signed_out_everywhere_is_asked_again(self, visit, gateway):
        """By the operator, for one user."""
        visit.agree(visit.authorize())
        sign_out_at(gateway, "u-1", gateway.clock())

        assert answered(visit, prompt="none")["error"] == "login_required"

    @pytest.mark.case(101)
    def test_what_is_not_known_is_ignored(self, visit):
        """So are hints, claims and unknown scopes."""
        changes = {
            "claims": "{}",
            "display": "popup",
            "acr_values": "1",
            "login_hint": "x",
            "ui_locales": "en",
            "whatever": "1",
            "scope": "openid more",
        }

        assert "code" in query_of(
            header(visit.agree(visit.authorize(**changes)), "Location")
        )


class TestRefusedByUsers:
    @pytest.mark.case(40)
    @pytest.mark.parametrize("code", [None, "authdeny"])
    def test_no_consent_is_access_denied(self, visit, code):
        """The client gets `access_denied`."""
        response = visit.agree(visit.authorize(), code=code)

        told = query_of(header(response, "Location"))
        assert (told["error"], told["state"]) == ("access_denied", "s-1")
        assert told["iss"] == ISSUER

    @pytest.mark.case(56)
    @pytest.mark.parametrize("policy", ["page", "deny"])
    def test_a_snapshot_user_is_nobody(self, visit, gateway, wechat, policy):
        """By the client's policy a page says what to tap, or the client is told."""
        change(gateway, "clients", "demo", snapshot_users=policy)
        wechat.script("/sns/oauth2/access_token", {**GRANTED, "is_snapshotuser": 1})
        begun = visit.authorize()
        if policy == "page":
            with refusal(SnapshotUser):
                visit.agree(begun)
        else:
            told = query_of(header(visit.agree(begun), "Location"))
            assert told["error"] == "access_denied"
            assert "full service" in told["error_description"]

        assert "gateway_session" not in str(visit.cookies)

    @pytest.mark.case(53)
    def test_an_error_of_wechats_leads_back_to_the_request(self, visit, wechat):
        """The same request can be begun anew."""
        wechat.script("/sns/oauth2/access_token", WeChatUnavailable())
        with refusal(WeChatUnavailable) as caught:
            visit.agree(visit.authorize())

        path, query = caught.links.start_again.split("?", 1)
        assert path == "/oidc/authorize"
        assert visit.get(oidc, "/authorize", query).status == 303


def test_a_browser_outside_wechat_gets_the_page(visit):
    """The page has the QR code, and links to other languages."""
    visit.headers = HTML
    page = visit.authorize().body.decode()

    assert "https://gateway.example.com/oidc/authorize?client_id=demo" in page
    assert "lang=zh_TW" in page


@pytest.mark.parametrize(
    ("home", "expected"),
    [("", "https://app.example.com/"), ("https://shop.example.com/in", None)],
)
def test_in_another_browser_a_sign_in_begins_at_the_client(
    visit, gateway, home, expected
):
    """The client would refuse the answer in another browser."""
    change(gateway, "clients", "demo", home=home)
    visit.headers = (*HTML, ("user-agent", "Mozilla/5.0 (iPhone) Mobile/15E148"))
    page = visit.authorize().body.decode()

    address = re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)[1]
    assert (expected or home) == address
