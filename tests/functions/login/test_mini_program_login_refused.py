"""POST /login/miniprogram refuses, each time by a code of its own."""

from __future__ import annotations

from functools import partial

import pytest

from runtime.errors import ServiceUnavailable
from tests.support.mini_programs import (
    JSCODE2SESSION,
    OTHER_APPID,
    add_app,
    make_pairwise,
    open_for_business,
    post_js_code,
    visit,
)
from tests.support.scripted_wechat import SERVICE, change
from tests.support.wechat_vectors import APPID, SESSION_KEY


@pytest.fixture
def sign_in(gateway, wechat):
    """Post a js_code for the mini program of LOGIN_CLIENT; WeChat knows it."""
    open_for_business(gateway, wechat)
    return partial(post_js_code, gateway)


class TestRefusals:
    NONE = (
        {"appid": SERVICE},
        {"appid": "wx" + "0" * 16},
        {"appid": OTHER_APPID},
        {"client_id": "nobody"},
    )

    @pytest.mark.parametrize("changed", NONE, ids=str)
    def test_what_is_no_mini_program_of_the_client(
        self, sign_in, gateway, wechat, changed
    ):
        """An app of another kind, another client's app, an unknown app."""
        add_app(gateway, OTHER_APPID)
        status, _, content = sign_in(**changed)

        assert (400, "unknown_mini_program") == (status, content["error"])
        assert [] == wechat.seen

    def test_a_disabled_client(self, sign_in, gateway, wechat):
        """No user can sign in, whether the request names the client or not."""
        change(gateway, "clients", "demo", disabled=True)

        for named in ({}, {"client_id": "demo"}):
            status, _, content = sign_in(**named)
            assert (403, "client_disabled") == (status, content["error"])
        assert [] == wechat.seen

    @pytest.mark.case(134)
    def test_a_pairwise_client_gets_no_session(self, sign_in, gateway, wechat):
        """A session holds WeChat's names; jscode2session gives the client its own."""
        make_pairwise(gateway)
        status, _, content = sign_in()

        assert (403, "pairwise_client") == (status, content["error"])
        assert [] == wechat.seen

    @pytest.mark.parametrize(
        "kind",
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "text/plain; application/json",
            "",
        ],
    )
    def test_no_sites_form_can_post_it(self, sign_in, wechat, kind):
        """A form of another site cannot send JSON without a CORS preflight."""
        status, _, content = sign_in(kind=kind)

        assert (415, "json_required") == (status, content["error"])
        assert [] == wechat.seen

    def test_a_charset_is_no_other_kind(self, sign_in):
        """Many clients say one."""
        assert 200 == sign_in(kind="Application/JSON; charset=utf-8")[0]

    BAD = (
        {"body": b""},
        {"body": b"[]"},
        {"body": b"{}"},
        {"body": b"\xff"},
        {"body": b"[" * 16_000},
        {"js_code": None},
        {"js_code": ""},
        {"js_code": 1},
        {"js_code": "a b"},
        {"js_code": "\ud800"},
        {"js_code": "x" * 129},
        {"client_id": None},
        {"client_id": "../apps/x"},
        {"appid": "wx1"},
        {"appid": [APPID]},
    )

    @pytest.mark.case(118, 119)
    @pytest.mark.parametrize("changed", BAD)
    def test_a_malformed_request(self, sign_in, wechat, changed):
        """WeChat is not asked."""
        status, _, content = sign_in(**changed)

        assert (400, "invalid_request") == (status, content["error"])
        assert ["error", "message", "request_id"] == list(content)
        assert [] == wechat.seen

    SAID = (
        (40029, 400, "js_code_spent"),
        (40163, 400, "js_code_spent"),
        (40226, 403, "person_blocked"),
        (45011, 429, "too_many_js_codes"),
        (40125, 502, "wechat_refused"),
        (-1, 502, "wechat_refused"),
    )

    @pytest.mark.parametrize(("errcode", "expected", "code"), SAID)
    def test_wechats_refusals_have_codes_of_their_own(
        self, sign_in, wechat, errcode, expected, code
    ):
        """Each js_code is sent once; a rate limit comes with Retry-After."""
        wechat.script(JSCODE2SESSION, {"errcode": errcode, "errmsg": "no, rid: 1"})
        sign_in()
        wechat.seen.clear()
        status, headers, content = sign_in()

        assert (expected, code) == (status, content["error"])
        assert ("60" if status == 429 else None) == headers.get("Retry-After")
        assert 1 == len(wechat.seen)

    @pytest.mark.case(55)
    def test_an_answer_without_openid(self, sign_in, wechat):
        """502: nobody is signed in."""
        wechat.script(JSCODE2SESSION, {"session_key": SESSION_KEY})
        sign_in()

        assert 502 == sign_in()[0]

    @pytest.mark.case(124)
    def test_without_redis_nobody_is_signed_in(self, sign_in, gateway, monkeypatch):
        """503, and no token that could not be ended."""

        def away(*_, **__):
            raise ServiceUnavailable

        monkeypatch.setattr(gateway.redis_store, "put_all", away)

        assert 503 == sign_in()[0]

    @pytest.mark.case(123)
    def test_a_flood_from_one_address_ends(self, sign_in, gateway, wechat):
        """It counts with the sign-ins of browsers, before WeChat is asked."""
        most = int(gateway.settings.sign_ins_per_address)
        answers = [sign_in()[0] for _ in range(most + 1)]

        assert [200] * most + [429] == answers
        assert most == len(wechat.seen)

    def test_even_who_takes_a_page_gets_json(self, sign_in, gateway):
        """A mini program shows no HTML, so it gets none."""
        for method, status in (("POST", 415), ("GET", 405)):
            told, headers, content = visit(
                gateway, method, "/login/miniprogram", accept="text/html"
            )

            assert (status, "application/json; charset=utf-8") == (
                told,
                headers["Content-Type"],
            )
            assert ["error", "message", "request_id"] == list(content)

    @pytest.mark.case(120)
    def test_there_is_no_other_method(self, sign_in, gateway):
        """GET and HEAD are refused, too."""
        for method in ("GET", "PUT", "OPTIONS"):
            status, headers, _ = visit(gateway, method, "/login/miniprogram")

            assert (405, "POST") == (status, headers["Allow"])
