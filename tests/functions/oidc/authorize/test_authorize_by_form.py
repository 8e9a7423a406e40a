"""/oidc/authorize by POST: another site's form, which comes without cookies."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from runtime.errors import BadRequest
from runtime.web.form_as_link import LONGEST_LINK
from tests.support.client_sign_in import OIDC, query_of
from tests.support.handles import oidc
from tests.support.scripted_wechat import HTML, ask, header

pytestmark = pytest.mark.usefixtures("willing")


def post(visit, pairs):
    body = urlencode(pairs).encode()
    return oidc(ask("POST", "/authorize", headers=HTML, body=body), visit.gateway)


@pytest.mark.case(100)
def test_it_becomes_a_link(visit):
    """The same parameters at the same path, in the same order, repeated ones too."""
    pairs = [*OIDC.items(), ("empty", ""), ("scope", "张 三"), ("nonce", "&=+%")]
    answer = post(visit, pairs)
    link = urlsplit(header(answer, "Location"))

    assert (303, "", "/oidc/authorize") == (answer.status, link.netloc, link.path)
    assert pairs == parse_qsl(link.query, keep_blank_values=True)
    assert "no-referrer" == header(answer, "Referrer-Policy")
    assert "no-store" == header(answer, "Cache-Control")


@pytest.mark.case(97, 100)
@pytest.mark.parametrize("changes", [{}, {"prompt": "none"}])
def test_who_is_signed_in_is_seen(visit, wechat, changes):
    """As by GET: the session counts, and prompt=none succeeds."""
    visit.agree(visit.authorize())
    asked = len(wechat.seen)
    told = query_of(header(visit.authorize_by_form(**changes), "Location"))

    assert {"code", "state", "iss"} == set(told)
    assert asked == len(wechat.seen)


@pytest.mark.case(100)
def test_others_sign_in(visit):
    """As by GET."""
    begun = visit.authorize_by_form()

    assert "code" in query_of(header(visit.agree(begun), "Location"))


def test_its_language_is_the_pages(visit):
    """`ui_locales` counts in a form as in the address."""
    visit.headers = HTML
    page = visit.authorize_by_form(ui_locales="en")

    assert "en" == header(page, "Content-Language")


@pytest.mark.case(118)
@pytest.mark.parametrize("room", [0, 1])
def test_a_form_beyond_all_measure_becomes_no_link(visit, room):
    """32 MB get no redirect; a form within Function Compute's limit does."""
    length = len("/oidc/authorize?" + urlencode({**OIDC, "more": ""}))
    pairs = {**OIDC, "more": "x" * (LONGEST_LINK - length + room)}
    if room:
        with pytest.raises(BadRequest):
            post(visit, pairs)
    else:
        assert LONGEST_LINK == len(header(post(visit, pairs), "Location"))


@pytest.mark.parametrize("body", [b"a=%00", b"a=%FF", b"\xff=a"])
def test_what_is_no_form(visit, body):
    """A page says that it cannot be understood."""
    with pytest.raises(BadRequest):
        oidc(ask("POST", "/authorize", headers=HTML, body=body), visit.gateway)
