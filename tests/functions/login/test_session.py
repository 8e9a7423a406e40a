"""Sessions: the signed-in user, and signing out."""

from __future__ import annotations

import json
import re

import pytest

from runtime.errors import (
    BadRequest,
    Forbidden,
    NotSignedIn,
)
from runtime.web.cookies import read_cookie, sign_cookie
from tests.support.handles import login as handle
from tests.support.scripted_wechat import (
    COOKIE,
    HTML,
    SERVICE,
    ask,
    cookie,
    header,
    load,
    signed_in,
)

JSON = (("accept", "application/json"),)


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

    def test_the_cookie_names_the_app_of_the_sign_in(self, gateway):
        """An openid means nothing without it; an older cookie has none."""
        keys, now = gateway.settings.cookie_secrets, gateway.clock()
        cookies = signed_in(gateway, wechat_appid=SERVICE)
        text = read_cookie(COOKIE, cookies[COOKIE], keys=keys, now=now, max_age=60)
        fields = json.loads(text)
        older = {name: fields[name] for name in ("v", "sub", "sid", "at", "amr")}
        signed = sign_cookie(COOKIE, json.dumps(older), keys=keys, now=now)

        assert fields == {**older, "app": SERVICE}
        assert gateway.sessions.of(ask(cookies=cookies), now=now).app == SERVICE
        assert gateway.sessions.of(ask(cookies={COOKIE: signed}), now=now).app == ""

    def test_a_cookie_that_is_signed_but_not_ours_in_shape_is_nobody(self, gateway):
        """Another use of the same cookie secret does not sign in."""
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
        """The page says that the user is signed out."""
        response = handle(ask(path="/logout", headers=HTML), gateway)

        assert b"_xsrf" not in response.body

    @pytest.mark.case(43)
    def test_a_form_without_a_cookie_takes_none_away(self, gateway):
        """A form of another site has no cookie; its answer must not remove one."""
        page = handle(ask("POST", "/logout", headers=HTML), gateway)
        told = handle(ask("POST", "/logout", headers=JSON), gateway)

        assert (303, "/logout") == (page.status, header(page, "Location"))
        assert {"signed_out": True} == load(told)
        assert "Set-Cookie" not in dict(page.headers + told.headers)


def test_a_session_token_signs_out_without_a_form(gateway):
    """A mini program has no form token; no other site can send Bearer."""
    session = gateway.sessions.begin("u-1", {}, now=gateway.clock())
    token = gateway.sessions.token(session, now=gateway.clock())
    bearer = (("authorization", f"Bearer {token}"),)
    assert handle(ask(path="/me", headers=bearer), gateway).status == 200

    response = handle(ask("POST", "/logout", headers=bearer), gateway)
    assert load(response) == {"signed_out": True}
    with pytest.raises(NotSignedIn):
        handle(ask(path="/me", headers=bearer), gateway)


def test_a_front_end_that_renders_itself_gets_the_token_of_its_form(gateway):
    """A POST with this token signs out."""
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
