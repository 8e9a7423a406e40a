"""/oidc/authorize: its parameters, and where an error is reported."""

from __future__ import annotations

import logging
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.errors import (
    BadRequest,
    RedirectUriFragment,
    RedirectUriUnknown,
    ServiceUnavailable,
)
from runtime.web.form_as_link import LONGEST_LINK
from tests.support.client_sign_in import BACK, OIDC, answered, query_of, willing
from tests.support.handles import oidc
from tests.support.refusal import refusal
from tests.support.scripted_wechat import change, header

ISSUER = "https://gateway.example.com"


class TestRefused:
    @pytest.mark.case(21, 22, 24)
    @pytest.mark.parametrize(
        "changes",
        [
            {"redirect_uri": None},
            {"redirect_uri": BACK + "/"},
            {"redirect_uri": BACK + "?x=1"},
            {"redirect_uri": BACK.replace("https", "http")},
            {"redirect_uri": BACK.replace("com/", "com:443/")},
            {"redirect_uri": BACK.replace("/signed_in", "/%2e/signed_in")},
            {"client_id": "<script>"},
            {"client_id": None},
            {"client_id": "demo,demo"},
        ],
    )
    def test_a_wrong_address_is_a_page(self, visit, changes):
        """There is no redirect, and the page shows nothing of the request."""
        with pytest.raises(RedirectUriUnknown):
            visit.authorize(**changes)

    @pytest.mark.case(21)
    def test_a_registered_fragment_is_for_wechats_protocol_alone(self, visit, gateway):
        """RFC 6749, 3.1.2: the page names the #, and nothing is sent to the URI."""
        change(gateway, "clients", "demo", redirect_uris=[BACK, BACK + "#/cb"])
        with pytest.raises(RedirectUriFragment):
            visit.authorize(redirect_uri=BACK + "#/cb")

        assert visit.authorize().status == 303

    @pytest.mark.case(15, 23)
    @pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
    def test_a_repeated_address_is_a_page(self, visit, name):
        """A repeated redirect_uri counts as a wrong one."""
        query = urlencode([*OIDC.items(), (name, OIDC[name])])

        with pytest.raises(BadRequest):
            visit.get(oidc, "/authorize", query)

    @pytest.mark.case(30, 72, 73, 74, 96, 98, 99, 101)
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": None}, "invalid_request"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": "code id_token"}, "unsupported_response_type"),
            ({"response_type": "code,code"}, "unsupported_response_type"),
            ({"response_mode": "fragment"}, "invalid_request"),
            ({"response_mode": "web_message"}, "invalid_request"),
            ({"request": "eyJ"}, "request_not_supported"),
            ({"request_uri": "https://x/"}, "request_uri_not_supported"),
            ({"registration": "{}"}, "registration_not_supported"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": "x" * 42}, "invalid_request"),
            ({"code_challenge": "x" * 42 + "="}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"prompt": "none login"}, "invalid_request"),
            ({"prompt": "create"}, "invalid_request"),
            ({"max_age": "-1"}, "invalid_request"),
            ({"max_age": "abc"}, "invalid_request"),
            ({"nonce": "n" * 2501}, "invalid_request"),
            ({"prompt": "none"}, "login_required"),
        ],
    )
    def test_the_client_is_told_what_is_wrong(self, visit, changes, error):
        """With its state and the issuer."""
        told = answered(visit, **changes)

        assert told.pop("error_description", "-")
        assert told == {"error": error, "state": "s-1", "iss": ISSUER}

    @pytest.mark.case(15)
    def test_a_parameter_that_comes_twice_is_refused(self, visit):
        """The error goes to the client, because its redirect_uri is valid."""
        query = urlencode([*OIDC.items(), ("scope", "openid")])
        response = visit.get(oidc, "/authorize", query)

        assert query_of(header(response, "Location"))["error"] == "invalid_request"

    def test_a_state_beyond_all_measure_is_refused(self, visit):
        """2500 characters are carried; the error brings even a longer one back."""
        told = answered(visit, state="x" * 2501)

        assert (told["error"], told["state"]) == ("invalid_request", "x" * 2501)

    def test_of_a_repeated_state_the_first_comes_back(self, visit):
        """However long it is: never the second one."""
        query = urlencode([("state", "a" * 2501), *OIDC.items()])
        told = query_of(header(visit.get(oidc, "/authorize", query), "Location"))

        assert (told["error"], told["state"]) == ("invalid_request", "a" * 2501)

    @pytest.mark.case(45)
    def test_a_fault_of_our_own_is_told_with_the_state(
        self, visit, gateway, monkeypatch, caplog
    ):
        """As server_error; the stack is in the log alone."""

        def broken(*_, **__):
            raise RuntimeError("inside")

        monkeypatch.setattr(gateway.sessions, "of", broken)
        told = answered(visit)

        assert (told["error"], told["state"]) == ("server_error", "s-1")
        assert "inside" not in str(told)
        assert "RuntimeError: inside" in caplog.text

    @pytest.mark.case(74)
    def test_a_client_may_be_let_off_pkce(self, visit, gateway):
        """By its own policy; a public one never."""
        change(gateway, "clients", "demo", pkce="optional")
        free = visit.authorize(code_challenge=None, code_challenge_method=None)
        change(gateway, "clients", "demo", public=True)
        bound = answered(visit, code_challenge=None, code_challenge_method=None)

        assert header(free, "Location").startswith("https://open.weixin.qq.com/")
        assert bound["error"] == "invalid_request"

    @pytest.mark.parametrize("prompt", [None, "none"])
    def test_without_a_key_there_is_no_openid(self, visit, gateway, caplog, prompt):
        """The client and the log are told what is missing; plain OAuth goes on."""
        caplog.set_level(logging.INFO)
        gateway.settings = replace(gateway.settings, oidc_key=None)
        told = answered(visit, prompt=prompt)

        assert told["error"] == "server_error"
        assert "OIDC_KEY" in told["error_description"]
        assert caplog.messages == ["req-1 /oidc: oidc_not_configured"]
        assert visit.authorize(scope="profile").status == 303

    @pytest.mark.case(97)
    @pytest.mark.parametrize("prompt", [None, "none"])
    def test_a_client_without_its_salt_hears_of_it(
        self, visit, gateway, wechat, prompt
    ):
        """Without a salt no pairwise name is made."""
        willing(wechat)
        visit.agree(visit.authorize())
        change(gateway, "clients", "demo", subject_type="pairwise")

        assert answered(visit, prompt=prompt)["error"] == "server_error"

    @pytest.mark.case(97, 118)
    @pytest.mark.parametrize("prompt", [None, "none"])
    def test_a_request_that_is_too_long_is_the_clients_mistake(self, visit, prompt):
        """Such a URL would be too long for a restart."""
        told = answered(visit, prompt=prompt, login_hint="x" * LONGEST_LINK)

        assert (told["error"], told["state"]) == ("invalid_request", "s-1")

    @pytest.mark.case(97)
    @pytest.mark.parametrize("prompt", ["none", " none"])
    @pytest.mark.parametrize("part", ["sessions", "registry"])
    def test_what_passes_is_said_where_it_is_read(
        self, visit, gateway, monkeypatch, part, prompt
    ):
        """A passing failure is a page; with prompt=none the client gets it."""
        name = {"sessions": "of", "registry": "app"}[part]
        monkeypatch.setattr(getattr(gateway, part), name, away)
        told = answered(visit, prompt=prompt)
        with refusal(ServiceUnavailable) as page:
            visit.authorize()

        assert (told["error"], told["state"]) == ("temporarily_unavailable", "s-1")
        assert page.links.start_again == "/oidc/authorize?" + urlencode(OIDC)
        assert page.links.home == "https://app.example.com/"


def away(*_, **__):
    raise ServiceUnavailable


@pytest.mark.case(26)
@pytest.mark.parametrize(
    ("redirect_uri", "native", "known"),
    [
        ("http://127.0.0.1:51004/cb", True, True),
        ("http://127.0.0.1/cb", True, True),
        ("http://[::1]:9/cb", True, True),
        ("http://127.0.0.1:51004/cb", False, False),
        ("http://127.0.0.1:51004/other", True, False),
        ("http://127.0.0.1:99999/cb", True, False),
        ("http://127.0.0.1:0/cb", True, False),
        ("http://localhost:51004/cb", True, False),
        ("http://127.0.0.1:51004@evil.example.com/cb", True, False),
        ("http://127.0.0.1:/cb", True, False),
    ],
)
def test_a_native_client_is_answered_on_any_port(
    visit, gateway, redirect_uri, native, known
):
    """Any port of 127.0.0.1 and ::1 only; every other URI has to be registered."""
    uris = ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"]
    change(gateway, "clients", "demo", redirect_uris=uris, native=native)
    asked = {"redirect_uri": redirect_uri, "prompt": "none"}
    if known:
        location = header(visit.authorize(**asked), "Location")
        assert location.startswith(redirect_uri + "?error=login_required")
    else:
        with pytest.raises(RedirectUriUnknown):
            visit.authorize(**asked)


def test_an_app_is_answered_by_its_own_scheme(visit, gateway, wechat):
    """RFC 8252, 7.1: by a redirect with a code, or with an error in place of a form."""
    willing(wechat)
    own = "com.example.app:/signed_in"
    change(gateway, "clients", "demo", redirect_uris=[own], native=True)
    location = header(visit.agree(visit.authorize(redirect_uri=own)), "Location")
    by_form = {"redirect_uri": own, "response_mode": "form_post"}
    told = query_of(header(visit.authorize(**by_form), "Location"))

    assert location.startswith(f"{own}?code=")
    assert query_of(location)["state"] == "s-1"
    assert (told["error"], told["state"]) == ("invalid_request", "s-1")
    with pytest.raises(RedirectUriUnknown):
        visit.authorize(redirect_uri="com.example.app:/other")
