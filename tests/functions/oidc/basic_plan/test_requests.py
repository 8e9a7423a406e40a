"""The plan's modules about requests to the authorization endpoint."""

from __future__ import annotations

import base64
import json

import pytest

from runtime.errors import RedirectUriUnknown
from tests.support.client_sign_in import BACK

pytestmark = pytest.mark.case(105)


def refused(party, **changes):
    """Return the error that the client is told at once, WeChat not being asked."""
    told, asked = party.back(**changes)
    assert not asked
    assert "s-1" == told["state"]
    return told["error"]


def test_oidcc_response_type_missing(party):
    """The client is told."""
    assert "invalid_request" == refused(party, response_type=None)


@pytest.mark.case(89)
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(party):
    """Then the ID token has none either."""
    assert "nonce" not in party.sign_in(nonce=None).claims


def test_oidcc_display_page(party):
    """The page is shown to a browser that has no WeChat, and the sign-in succeeds."""
    assert "<html" in party.shown(display="page")


def test_oidcc_display_popup(party):
    """The same page; it fits a small window."""
    assert "width=device-width" in party.shown(display="popup")


def test_oidcc_ui_locales(party):
    """The page speaks the first language of the list that it knows."""
    assert '<html lang="en"' in party.shown(ui_locales="se en zh-TW")


@pytest.mark.case(101)
@pytest.mark.parametrize("hint", ["buffy@gateway.example.com", "o" * 500])
def test_oidcc_login_hint(party, hint):
    """WeChat takes none, so it is ignored."""
    assert party.sign_in(login_hint=hint).asked


@pytest.mark.case(101)
def test_oidcc_ensure_request_with_acr_values_succeeds(party):
    """No class is promised, and none claimed."""
    assert "acr" not in party.sign_in(acr_values="1 2").claims


@pytest.mark.case(101)
def test_oidcc_ensure_request_with_unknown_parameter_succeeds(party):
    """What is not known is ignored."""
    assert party.sign_in(extra="foobar").asked


@pytest.mark.case(21)
def test_oidcc_ensure_registered_redirect_uri(party):
    """A page, and the browser goes nowhere."""
    pairs = {**party.request, "redirect_uri": BACK + "/other"}
    status, headers, body = party.provider.ask(
        party.path("authorization_endpoint"),
        query=pairs,
        headers=[("accept", "text/html")],
    )

    assert (400, "text/html; charset=utf-8") == (status, headers["Content-Type"])
    assert "Location" not in headers
    assert b"/other" not in body


@pytest.mark.case(100)
def test_oidcc_ensure_post_request_succeeds(party):
    """The request in a form."""
    begun = party.browser.authorize_by_form(party.request)
    told = party.told(party.browser.agree(begun))

    assert 200 == party.redeem(told["code"])[0]


def request_object(party):
    """Return the request as a JWT that nobody has signed."""
    parts = ({"alg": "none"}, {**party.request, "iss": party.client_id})
    encoded = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
        for each in parts
    ]
    return ".".join([*encoded, ""])


@pytest.mark.case(101)
def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    party,
):
    """Rejected, by the code that there is for it, as the metadata has it."""
    assert party.metadata["request_parameter_supported"] is False
    assert "request_not_supported" == refused(party, request=request_object(party))


@pytest.mark.case(101)
def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    party,
):
    """Rejected the same way, and nobody fetches it."""
    address = "https://app.example.com/request.jwt"

    assert party.metadata["request_uri_parameter_supported"] is False
    assert "request_uri_not_supported" == refused(party, request_uri=address)


@pytest.mark.case(21, 101)
def test_oidcc_ensure_request_object_with_redirect_uri(party):
    """A redirect_uri in a request object does not replace an unregistered one."""
    with pytest.raises(RedirectUriUnknown):
        party.begin(request=request_object(party), redirect_uri=BACK + "/other")
