"""Pages for a user who is signed in: who it is, and the offer to go on."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

import pytest

from runtime.errors import NotSignedIn
from tests.runtime.pages.page_parts import Page, policy_of
from tests.support.handles import login as handle
from tests.support.scripted_wechat import (
    HTML,
    IN_WECHAT,
    NOW,
    SERVICE,
    WEBSITE,
    ask,
    change,
    header,
    load,
    signed_in,
)

IN_ENGLISH = (*HTML, ("accept-language", "en"))
PICTURE = "https://thirdwx.qlogo.cn/mmopen/vi_32/abc/132"
PROFILE = {"name": "张三", "picture": PICTURE, "wechat_appid": WEBSITE}
HOME = "https://app.example.com/start"


def open_(gateway, path, cookies, *, headers=IN_ENGLISH, **pairs):
    asked = ask(path=path, query=urlencode(pairs), headers=headers, cookies=cookies)
    return handle(asked, gateway)


def links(page):
    return {each["href"] for each in page.all("a") if "button" in each.get("class", "")}


class TestMe:
    def test_it_shows_who_is_signed_in(self, gateway):
        """Picture, name, when, by which account, and on to the service."""
        change(gateway, "clients", "demo", home=HOME)
        response = open_(gateway, "/me", signed_in(gateway, **PROFILE))
        page = Page(response)
        since = datetime.fromisoformat(page.all("time")[0]["datetime"])

        assert 200 == response.status
        assert [PICTURE] == [each["src"] for each in page.all("img")]
        assert "data: https://thirdwx.qlogo.cn" == policy_of(response)["img-src"]
        assert "张三" in page.words
        assert NOW == since.timestamp()
        assert f"Website app {WEBSITE}" in page.words
        assert {HOME} == links(page)

    def test_it_signs_out_by_one_button(self, gateway):
        """Its form has the token that the sign-out wants."""
        cookies = signed_in(gateway, **PROFILE)
        page = Page(open_(gateway, "/me", cookies))
        (form,) = page.all("form")
        (field,) = page.all("input")
        body = urlencode({field["name"]: field["value"]}).encode()
        done = ask("POST", form["action"], headers=HTML, body=body, cookies=cookies)

        assert 200 == handle(done, gateway).status
        with pytest.raises(NotSignedIn):
            open_(gateway, "/me", cookies)

    def test_a_program_gets_json_as_before(self, gateway):
        """The page is for who accepts HTML alone."""
        cookies = signed_in(gateway, **PROFILE)
        for accept in ((), (("accept", "application/json"),), (("accept", "*/*"),)):
            told = load(open_(gateway, "/me", cookies, headers=accept))
            assert {"sub": "u-1", **PROFILE, "auth_time": int(NOW)} == told

    @pytest.mark.parametrize(
        "picture",
        [None, "javascript:alert(1)", "http://a.example/p", "http://127.0.0.1.evil/p"],
    )
    def test_what_cannot_be_shown_is_left_out(self, gateway, picture):
        """A silent sign-in has neither name nor picture; no other URL is loaded."""
        profile = {"name": "", "picture": picture, "wechat_appid": "wxgone"}
        response = open_(gateway, "/me", signed_in(gateway, **profile))

        assert [] == Page(response).all("img")
        assert "data:" == policy_of(response)["img-src"]
        assert "wxgone" in Page(response).words

    def test_a_name_stays_text(self, gateway):
        """WeChat's users choose it."""
        cookies = signed_in(gateway, **{**PROFILE, "name": "<b>x</b>"})

        assert [] == Page(open_(gateway, "/me", cookies)).all("b")

    def test_a_chosen_language_is_kept(self, gateway):
        """As on the sign-in page."""
        cookies = signed_in(gateway, **PROFILE)
        response = open_(gateway, "/me", cookies, lang="zh-TW")

        assert (303, "lang=zh-TW") == (
            response.status,
            header(response, "Set-Cookie").partition(";")[0],
        )


class TestOffer:
    @pytest.fixture
    def cookies(self, gateway):
        return signed_in(gateway, **PROFILE)

    def test_to_go_on_as_that_user_or_another(self, gateway, cookies):
        """No flow begins; the link to another user leads to the QR code."""
        response = open_(gateway, "/", cookies, next="/orders")
        page = Page(response)
        on, another = links(page) if links(page) else ("", "")
        if on != "/orders":
            on, another = another, on

        assert "Continue as 张三" in page.words
        assert (200, "/orders") == (response.status, on)
        assert "Set-Cookie" not in dict(response.headers)
        query = another.partition("?")[2]
        anew = handle(ask(query=query, headers=IN_ENGLISH, cookies=cookies), gateway)
        assert b"qrconnect" in anew.body
        # A language that is chosen there does not lead back to the offer.
        switches = [a["href"] for a in Page(anew).all("a") if "hreflang" in a]
        assert switches
        assert all("_another=1" in each for each in switches)

    @pytest.mark.parametrize(
        "change_",
        ["signed out", "lost app", "not admitted", "json", "in WeChat", "bearer"],
    )
    def test_where_there_is_nothing_to_offer(self, gateway, cookies, change_):
        """The sign-in begins as it does for everybody."""
        headers = IN_ENGLISH
        if change_ == "signed out":
            session = gateway.sessions.of(ask(cookies=cookies), now=NOW)
            gateway.sessions.end(session)
        elif change_ == "lost app":
            change(gateway, "clients", "demo", scopes={SERVICE: []})
        elif change_ == "not admitted":
            change(gateway, "clients", "demo", allow="known")
        elif change_ == "json":
            headers = (("accept", "application/json"),)
        elif change_ == "in WeChat":
            headers = (*HTML, *IN_WECHAT)
        else:
            session = gateway.sessions.of(ask(cookies=cookies), now=NOW)
            token = gateway.sessions.token(session, now=NOW)
            headers, cookies = (*HTML, ("authorization", f"Bearer {token}")), None
        response = open_(gateway, "/", cookies, headers=headers, next="/orders")

        assert re.search("flow", header(response, "Set-Cookie"))

    def test_a_next_of_a_stranger_is_not_offered(self, gateway, cookies):
        """The link leads where a sign-in would."""
        page = Page(open_(gateway, "/", cookies, next="https://evil.example/"))

        assert "/login/me" in links(page)
        assert not [each for each in links(page) if each.startswith("https://evil")]


def test_the_end_leads_to_the_service_and_to_a_new_sign_in(gateway):
    """Each link says where it leads."""
    change(gateway, "clients", "demo", home=HOME)
    page = Page(open_(gateway, "/logout", None))

    assert {HOME, "/login"} == links(page)
    assert "Go to Demo Sign in again" in page.words
