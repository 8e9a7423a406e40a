"""The end of a sign-in in a frame: a code for the client, and nothing else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.errors import (
    ClientDisabled,
    FlowExpired,
    RedirectUriUnknown,
    SignInNotConfigured,
    WeChatTimeout,
    WeChatUnavailable,
)
from tests.support.client_sign_in import (
    BACK,
    GRANTED,
    OIDC,
    VERIFIER,
    Visit,
    query_of,
    willing,
)
from tests.support.embedded_sign_in import (
    EMBEDDED,
    FRAMES,
    answer_of,
    come_back,
    state_of,
)
from tests.support.known_users import admit_only, reference_on
from tests.support.refusal import refusal
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    HTML,
    SERVICE,
    change,
    header,
)

TOKEN = "/sns/oauth2/access_token"


@pytest.fixture
def visit(gateway, wechat):
    """A desktop whose browser keeps no cookie of the gateway in a frame."""
    willing(wechat)
    uris = {"redirect_uris": [BACK], "frame_origins": FRAMES}
    change(gateway, "clients", "demo", **uris)
    gateway.settings = replace(gateway.settings, oidc_key={1: private_key()})
    return Visit(gateway, headers=HTML)


@pytest.fixture
def state(visit):
    """The state of a sign-in that a page of the client has begun in a frame."""
    return state_of(visit.authorize(display=EMBEDDED))


@pytest.fixture
def redeem(post):
    """Redeem a code at the token endpoint."""

    def run(code, verifier=VERIFIER):
        form = {"grant_type": "authorization_code", "code": code}
        form |= {"redirect_uri": BACK, "code_verifier": verifier}
        form |= {"client_id": "demo", "client_secret": CLIENT_SECRET}
        return post(form)

    return run


class TestAnswer:
    @pytest.mark.case(136)
    def test_the_client_gets_a_code_in_the_top_window(self, visit, state, redeem):
        """Without any cookie, with its own state, for its own verifier."""
        response = come_back(visit, state)
        told = answer_of(response)
        status, _, tokens = redeem(told["code"])

        assert (told["state"], told["iss"]) == ("s-1", "https://gateway.example.com")
        assert visit.cookies == {}
        assert (status, "id_token" in tokens) == (200, True)
        policy = header(response, "Content-Security-Policy")
        assert "frame-ancestors 'self' https://shop.example.com" in policy

    @pytest.mark.case(136)
    def test_another_verifier_redeems_nothing(self, visit, state, redeem):
        """Who has only seen the answer cannot use it, and the code is burnt."""
        code = answer_of(come_back(visit, state))["code"]

        assert redeem(code, "x" * 43)[2]["error"] == "invalid_grant"
        assert redeem(code)[2]["error"] == "invalid_grant"

    @pytest.mark.case(136)
    def test_no_session_begins(self, visit, state, shared_redis):
        """Neither a cookie nor a stored profile: nobody is signed in here."""
        come_back(visit, state)
        redis = shared_redis.client()
        keys = list(redis.scan_iter("gateway:session:*"))
        redis.close()

        assert (keys, visit.cookies) == ([], {})

    def test_a_refusal_goes_to_the_top_window(self, visit, state):
        """As an error of the client's own dialect."""
        told = answer_of(come_back(visit, state, code=None))

        assert (told["error"], told["state"]) == ("access_denied", "s-1")

    def test_a_spent_code_shows_another_qr_code_once(self, visit, wechat, state):
        """In the same frame, with a flow that no cookie binds either."""
        wechat.rescript(TOKEN, {"errcode": 40029, "errmsg": "invalid code"})
        again = come_back(visit, state)
        query = query_of(header(again, "Location"))

        assert header(again, "Location").startswith("https://open.weixin.qq.com/")
        assert query["self_redirect"] == "true"
        assert "Set-Cookie" not in dict(again.headers)
        with refusal(FlowExpired) as caught:
            come_back(visit, query["state"])
        assert caught.links.framed_by == tuple(FRAMES)
        assert caught.links.start_again == f"/oidc/authorize?{urlencode(OIDC)}"

    def test_a_user_who_is_not_admitted_sees_the_reference(self, visit, gateway, state):
        """In the frame; its links lead to the service, and to the page for a window."""
        admit_only(gateway)
        response = come_back(visit, state)
        body = response.body.decode()

        assert response.status == 403
        assert reference_on(body)
        assert '<base target="_top">' in body
        assert f'href="/oidc/authorize?{urlencode(OIDC)}"'.replace("&", "&amp;") in body
        assert f'href="{BACK}?error=access_denied' in body
        policy = header(response, "Content-Security-Policy")
        assert "frame-ancestors 'self' https://shop.example.com" in policy

    @pytest.mark.bug(10)
    def test_an_error_is_a_page_in_the_frame(self, visit, wechat, state):
        """Its links lead out of it."""
        wechat.rescript(TOKEN, WeChatTimeout())
        with refusal(WeChatTimeout) as caught:
            come_back(visit, state)

        assert caught.links.framed_by == tuple(FRAMES)
        assert caught.links.home == "https://app.example.com/"


class TestWhoseSignIn:
    @pytest.mark.case(137)
    def test_who_began_it_gets_nothing_of_who_ends_it(self, visit, state, wechat):
        """An attacker knows the state of his own flow, and not WeChat's code.

        He lets somebody open WeChat's page and asks for the answer himself: with no
        code, with another one, before and after.
        """
        with refusal(WeChatUnavailable):
            # WeChat does not know what he makes up.
            wechat.rescript(TOKEN, WeChatUnavailable())
            come_back(visit, state, code="made-up")
        willing_again(wechat)
        victim = answer_of(come_back(Visit(visit.gateway, headers=HTML), state))
        for code in ("made-up", "wechat-cod", "wechat-code2", "WECHAT-CODE"):
            with refusal(FlowExpired):
                come_back(visit, state, code=code)
        told = answer_of(come_back(visit, state, code=None))

        assert "code" in victim
        assert set(told) == {"error", "error_description", "state", "iss"}
        assert len(wechat.calls(TOKEN)) == 2

    @pytest.mark.case(48)
    def test_the_same_callback_twice_is_one_sign_in(self, visit, state, wechat):
        """With the same code, however close together."""
        with ThreadPoolExecutor(8) as pool:
            pages = pool.map(lambda _: come_back(visit, state), range(8))
            told = [answer_of(page) for page in pages]

        assert len({json.dumps(each) for each in told}) == 1
        assert len(wechat.calls(TOKEN)) == 1

    @pytest.mark.case(137)
    def test_the_app_inside_wechat_ends_no_such_flow(self, visit, state, wechat):
        """It asks some users nothing: a link would be enough to end a stranger's."""
        with refusal(FlowExpired):
            come_back(visit, state, appid=SERVICE)

        assert wechat.seen == []

    @pytest.mark.case(33)
    def test_a_flow_of_a_window_still_needs_its_cookie(self, visit, wechat):
        """What is unbound is said by the stored request, and by nothing that comes."""
        state = state_of(visit.authorize())
        visit.cookies.clear()
        back = come_back(visit, f"{state}&display={EMBEDDED}")

        assert header(back, "Location").startswith("https://open.weixin.qq.com/")
        assert wechat.seen == []

    @pytest.mark.case(126, 135)
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"disabled": True}, ClientDisabled),
            ({"scopes": {SERVICE: []}}, SignInNotConfigured),
            ({"redirect_uris": []}, RedirectUriUnknown),
        ],
    )
    def test_a_client_changed_meanwhile_gets_nothing(
        self, visit, gateway, state, wechat, changes, error
    ):
        """As in a window."""
        change(gateway, "clients", "demo", **changes)
        with refusal(error):
            come_back(visit, state)

        assert wechat.seen == []

    @pytest.mark.case(135)
    def test_origins_removed_meanwhile_frame_nothing(self, visit, gateway, state):
        """The policy is the client's of now."""
        change(gateway, "clients", "demo", frame_origins=[])
        response = come_back(visit, state)

        assert "frame-ancestors 'none'" in header(response, "Content-Security-Policy")

    def test_another_user_than_the_hinted_one(self, visit, wechat, state, redeem):
        """The client is told so, in the top window as well."""
        tokens = redeem(answer_of(come_back(visit, state))["code"])[2]
        hint = {"id_token_hint": tokens["id_token"]}
        state = state_of(visit.authorize(display=EMBEDDED, **hint))
        wechat.rescript(TOKEN, {**GRANTED, "openid": "o-2", "unionid": "u-2"})

        assert answer_of(come_back(visit, state))["error"] == "login_required"


def willing_again(wechat):
    wechat.rescript(TOKEN)
    willing(wechat)
