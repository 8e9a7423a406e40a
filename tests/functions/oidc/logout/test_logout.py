"""/oidc/logout: by our own form, or at once with an ID token of the session's user."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from runtime.broker.form_tokens import sign_out_token
from runtime.errors import NotSignedIn
from runtime.tokens.id_tokens import HINT_SECONDS
from tests.support.provider import PROFILE, UNIONID
from tests.support.scripted_wechat import FORM, HTML, change

PATH = "/oidc/logout"
GONE = "https://app.example.com/gone?from=us"
COOKIE = "__Host-gateway_session"


@pytest.fixture
def session(gateway):
    """A user who is signed in, and clients that know where they go from here."""
    for id_ in ("demo", "private"):
        change(gateway, "clients", id_, post_logout_redirect_uris=[GONE])
    return gateway.sessions.begin(UNIONID, PROFILE, now=gateway.clock())


@pytest.fixture
def browser(provider, gateway, session):
    """Ask as the user's browser; return status, headers and body."""
    line = gateway.sessions.cookie(session, now=gateway.clock())[1].split(";")[0]

    def run(query=None, *, form=None, cookie=line):
        headers = [*HTML, *([("cookie", cookie)] if cookie else [])]
        if form is None:
            return provider.ask(PATH, query=query, headers=headers)
        headers.append(("content-type", FORM))
        return provider.ask(
            PATH, method="POST", query=query, headers=headers, body=form
        )

    return run


@pytest.fixture
def is_signed_in(gateway, session):
    def ask():
        try:
            return bool(gateway.sessions.profile(session))
        except NotSignedIn:
            return False

    return ask


@pytest.fixture
def hint(provider):
    """An ID token of the user."""
    return provider.tokens()["id_token"]


@pytest.mark.case(43)
def test_a_link_alone_asks(browser, is_signed_in):
    """A page with a form; the user stays signed in until the form is sent."""
    status, headers, body = browser()

    assert 200 == status
    assert b'action="/oidc/logout"' in body
    assert "Set-Cookie" not in headers
    assert is_signed_in()


@pytest.mark.case(43)
@pytest.mark.parametrize("age", [0, 3600])
def test_our_own_form_signs_out(browser, is_signed_in, gateway, session, clock, age):
    """Until it is an hour old; the session ends, and the cookie with it."""
    token = sign_out_token(gateway, session)
    clock.now += age
    status, headers, body = browser(form={"_xsrf": token})

    assert (200, False) == (status, is_signed_in())
    assert headers["Set-Cookie"].startswith(f"{COOKIE}=; ")
    assert b"<form" not in body


@pytest.mark.case(43)
@pytest.mark.parametrize("kind", ["made up", "empty", "another's", "old"])
def test_anothers_form_does_not(browser, is_signed_in, gateway, session, clock, kind):
    """403 for every token but this session's."""
    other = gateway.sessions.begin(UNIONID, PROFILE, now=clock.now)
    token = {
        "made up": "x",
        "empty": "",
        "another's": sign_out_token(gateway, other),
        "old": sign_out_token(gateway, session),
    }[kind]
    clock.now += 3601 if kind == "old" else 0
    status, headers, _ = browser(form={"_xsrf": token})

    assert (403, True) == (status, is_signed_in())
    assert "Set-Cookie" not in headers


@pytest.mark.case(43)
@pytest.mark.parametrize("client_id", ["demo", "private"])
def test_an_id_token_of_the_user_signs_out_at_once(
    browser, is_signed_in, provider, client_id
):
    """Nobody is asked, and the browser goes where the client wants, state and all."""
    hint = provider.tokens(client_id)["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": GONE, "state": "a&b=c"}
    status, headers, _ = browser(wish)

    assert (303, False) == (status, is_signed_in())
    assert f"{GONE}&state=a%26b%3Dc" == headers["Location"]
    assert headers["Set-Cookie"].startswith(f"{COOKIE}=; ")
    assert "no-store" == headers["Cache-Control"]


def test_an_expired_id_token_will_do(browser, is_signed_in, hint, clock):
    """Users stay longer than ten minutes."""
    clock.now += 86400

    assert 200 == browser({"id_token_hint": hint})[0]
    assert not is_signed_in()


@pytest.mark.case(43)
def test_an_id_token_of_somebody_else_asks(browser, is_signed_in, provider):
    """The signed-in user did not ask for it; the page names the client."""
    hint = provider.tokens(sub="o-another")["id_token"]
    status, _, body = browser({"id_token_hint": hint})

    assert (200, True) == (status, is_signed_in())
    assert b"<form" in body
    assert b"Demo" in body


@pytest.mark.case(43, 94)
@pytest.mark.parametrize("hint", ["x", "a.b.c", "e30.e30.", "old"])
@pytest.mark.parametrize("named", [{}, {"client_id": "demo"}], ids=["", "named"])
def test_a_bad_id_token_is_none(browser, is_signed_in, provider, clock, hint, named):
    """The page asks, the form signs out; only a client_id allows a redirect then."""
    clock.now -= HINT_SECONDS + 3600
    old = provider.tokens()["id_token"]
    clock.now += HINT_SECONDS + 3600
    hint = old if hint == "old" else hint
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": GONE, **named}
    status, headers, body = browser(wish)

    assert (200, True) == (status, is_signed_in())
    assert b"<form" in body
    assert bool(named) is ("app.example.com" in headers["Content-Security-Policy"])


def test_who_is_not_signed_in_goes_on(browser):
    """There is nothing to ask."""
    wish = {"client_id": "demo", "post_logout_redirect_uri": GONE, "state": ""}
    status, headers, _ = browser(wish, cookie=None)

    assert (303, GONE) == (status, headers["Location"])
    assert 200 == browser(cookie=None)[0]


def test_an_app_is_told_by_its_own_scheme(browser, is_signed_in, gateway, session):
    """RFC 8252, 7.1: the page may lead there, its form does, and a link at once."""
    own = "com.example.app:/bye"
    change(
        gateway, "clients", "demo", native=True, post_logout_redirect_uris=[own, GONE]
    )
    wish = {"client_id": "demo", "post_logout_redirect_uri": own, "state": "s1"}
    _, asked, _ = browser(wish)
    _, after, _ = browser(form={**wish, "_xsrf": sign_out_token(gateway, session)})
    _, again, _ = browser(wish, cookie=None)

    assert "form-action 'self' com.example.app:;" in asked["Content-Security-Policy"]
    assert {f"{own}?state=s1"} == {after["Location"], again["Location"]}
    assert not is_signed_in()


def test_the_form_keeps_where_one_goes(browser, is_signed_in, gateway, session):
    """Client, address and state are posted with it; the page may lead there."""
    wish = {"client_id": "demo", "post_logout_redirect_uri": GONE, "state": "s1"}
    status, headers, body = browser(wish)
    token = sign_out_token(gateway, session)
    _, after, _ = browser(form={**wish, "_xsrf": token})

    assert 200 == status
    assert (
        "form-action 'self' https://app.example.com"
        in (headers["Content-Security-Policy"])
    )
    assert all(f'name="{name}"'.encode() in body for name in (*wish, "_xsrf"))
    assert (f"{GONE}&state=s1", False) == (after["Location"], is_signed_in())


UNKNOWN = {
    "another path": {"client_id": "demo", "post_logout_redirect_uri": GONE + "/"},
    "without its query": {
        "client_id": "demo",
        "post_logout_redirect_uri": GONE.partition("?")[0],
    },
    "another's": {"client_id": "other", "post_logout_redirect_uri": GONE},
    "an empty hint's": {"id_token_hint": "", "post_logout_redirect_uri": GONE},
    "nobody's": {"post_logout_redirect_uri": GONE},
    "an unknown client's": {"client_id": "x", "post_logout_redirect_uri": GONE},
    "an odd client's": {"client_id": "../x", "post_logout_redirect_uri": GONE},
}


@pytest.mark.parametrize("wish", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("by", ["link", "form", "signed out"])
def test_nobody_is_sent_where_no_client_registered(
    browser, is_signed_in, gateway, session, wish, by
):
    """A page says so, and the user stays signed in."""
    status, headers, _ = {
        "link": lambda: browser(wish),
        "form": lambda: browser(
            form={**wish, "_xsrf": sign_out_token(gateway, session)}
        ),
        "signed out": lambda: browser(wish, cookie=None),
    }[by]()

    assert (400, True) == (status, is_signed_in())
    assert "Location" not in headers


def test_a_disabled_client_signs_nobody_out(browser, is_signed_in, hint, gateway):
    """Neither an old ID token nor a redirect URI of it is accepted."""
    change(gateway, "clients", "demo", disabled=True)
    asked, _, body = browser({"id_token_hint": hint})
    refused, _, _ = browser({"id_token_hint": hint, "post_logout_redirect_uri": GONE})

    assert (200, 403, True) == (asked, refused, is_signed_in())
    assert b"<form" in body


@pytest.mark.parametrize(
    "query",
    [
        "client_id=demo&client_id=other",
        "state=a&state=b",
        "post_logout_redirect_uri=a&post_logout_redirect_uri=b",
        "id_token_hint=a&id_token_hint=b",
        "state=%FF",
    ],
)
def test_what_is_said_twice_or_badly(browser, is_signed_in, query):
    """Repeated and malformed parameters are refused."""
    assert 400 == browser(query)[0]
    assert is_signed_in()


def test_an_id_token_for_another_client_than_the_one_named(browser, hint):
    """The request is refused."""
    assert 400 == browser({"id_token_hint": hint, "client_id": "other"})[0]


@pytest.mark.case(43)
def test_a_clients_form_is_answered_like_its_link(browser, is_signed_in, hint):
    """No cookie comes with another site's form; the browser is sent to the page."""
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": GONE, "state": "张"}
    status, headers, _ = browser(form=wish, cookie=None)
    target = urlsplit(headers["Location"])

    assert (303, PATH, True) == (status, target.path, is_signed_in())
    assert {name: [value] for name, value in wish.items()} == parse_qs(target.query)
    assert 303 == browser(target.query)[0]
    assert not is_signed_in()
