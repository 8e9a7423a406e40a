"""/oidc/authorize by POST: another site's form, which comes without cookies."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from runtime.errors import BadRequest, FlowExpired, RedirectUriUnknown
from runtime.web.form_as_link import LONGEST_LINK
from tests.support.client_sign_in import OIDC, fields, query_of
from tests.support.handles import oidc
from tests.support.refusal import refusal
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
def test_a_form_beyond_a_links_length_gets_a_short_name(visit):
    """Function Compute's limit of a URL is no limit of a form."""
    length = len("/oidc/authorize?" + urlencode({**OIDC, "more": ""}))
    pairs = {**OIDC, "more": "x" * (LONGEST_LINK - length)}
    longest = header(post(visit, pairs), "Location")
    short = header(post(visit, {**pairs, "more": pairs["more"] + "x"}), "Location")

    assert LONGEST_LINK == len(longest)
    assert {"client_id", "request_uri"} == set(query_of(short))
    assert OIDC["state"] not in short


@pytest.mark.case(45)
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_a_long_state_and_a_long_nonce_come_back(visit, gateway, mode):
    """Letter by letter, 2500 characters each."""
    state, nonce = 's&=%+<">张 ' * 225 + "z" * 250, "n'&=%+ 三/?" * 250
    begun = visit.authorize_by_form(state=state, nonce=nonce, response_mode=mode)
    answer = visit.agree(begun)
    told = query_of(header(answer, "Location")) if mode == "query" else fields(answer)
    _, grant = gateway.grants.redeem(told["code"])

    assert (2500, 2500) == (len(state), len(nonce))
    assert (state, nonce) == (told["state"], grant.nonce)


def test_a_short_name_of_yesterday(visit, redis_server):
    """The page has a link to begin anew, since the state is not known any more."""
    answer = post(visit, {**OIDC, "more": "x" * LONGEST_LINK})
    redis_server.client().flushdb()

    with refusal(FlowExpired) as page:
        visit.get(oidc, "/authorize", header(answer, "Location").partition("?")[2])
    assert "https://app.example.com/" == page.links.home


def test_no_strangers_form_is_stored(visit, redis_server):
    """Only that of a client with its registered URL."""
    with pytest.raises(RedirectUriUnknown):
        post(visit, {**OIDC, "redirect_uri": "https://x/", "more": "x" * LONGEST_LINK})

    assert 0 == redis_server.client().dbsize()


@pytest.mark.parametrize("body", [b"a=%00", b"a=%FF", b"\xff=a"])
def test_what_is_no_form(visit, body):
    """A page says that it cannot be understood."""
    with pytest.raises(BadRequest):
        oidc(ask("POST", "/authorize", headers=HTML, body=body), visit.gateway)
