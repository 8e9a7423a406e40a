"""Redirects back to a client: the URL is byte for byte the one it registered."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest

from runtime.errors import RedirectUriUnknown
from tests.support.client_sign_in import BACK, Visit, query_of, willing
from tests.support.scripted_wechat import change, header

OWN_QUERY = BACK + "?a=1&b=%20"
ISSUER = "https://gateway.example.com"


@pytest.fixture
def visit(gateway, wechat):
    willing(wechat)
    change(gateway, "clients", "demo", redirect_uris=[BACK, OWN_QUERY])
    gateway.settings = replace(gateway.settings, oidc_key={1: b"a key"})
    return Visit(gateway)


NEIGHBOURS = {
    "another path": BACK + "/more",
    "a slash more": BACK + "/",
    "a query more": BACK + "?x=1",
    "an empty query": BACK + "?",
    "a fragment": BACK + "#x",
    "an empty fragment": BACK + "#",
    "another case of the host": BACK.replace("app", "App"),
    "another case of the path": BACK.upper(),
    "the default port": BACK.replace(".com/", ".com:443/"),
    "another port": BACK.replace(".com/", ".com:8443/"),
    "another scheme": BACK.replace("https:", "http:"),
    "an encoded dot": BACK.replace("/signed", "/%2e/signed"),
    "an encoded letter": BACK.replace("signed", "%73igned"),
    "encoded twice": BACK.replace("signed", "%2573igned"),
    "a user": BACK.replace("https://", "https://user@"),
    "a dot at the host": BACK.replace(".com/", ".com./"),
    "a neighbour": BACK.replace(".com/", ".com.evil.example/"),
    "a backslash": BACK.replace(".com/", ".com\\/"),
    "a blank": BACK + " ",
    "a line end": BACK + "\r\n",
    "its own query turned round": BACK + "?b=%20&a=1",
    "its own query decoded": BACK + "?a=1&b= ",
}


@pytest.mark.case(21, 129)
@pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])
@pytest.mark.parametrize("address", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_an_address_is_compared_letter_by_letter(visit, way, address):
    """A URL that a browser treats as equal is still refused."""
    with pytest.raises(RedirectUriUnknown):
        way(visit, redirect_uri=address)


@pytest.mark.case(27, 30, 31)
@pytest.mark.parametrize("refused", [False, True], ids=["code", "error"])
def test_an_address_with_a_query_keeps_it(visit, refused):
    """Our parameters are added; 303 forwards no form, and no Referer is sent."""
    begun = visit.authorize(redirect_uri=OWN_QUERY)
    answer = visit.agree(begun, code=None if refused else "c")
    location = header(answer, "Location")
    told = query_of(location)
    first = "error" if refused else "code"

    assert location.startswith(f"{OWN_QUERY}&{first}=")
    assert (told["state"], told["iss"]) == ("s-1", ISSUER)
    assert answer.status == 303
    assert header(answer, "Referrer-Policy") == "no-referrer"
    assert header(answer, "Cache-Control") == "no-store"


@pytest.mark.case(30, 31)
@pytest.mark.parametrize(
    "changes", [{"prompt": "none"}, {"response_type": "token"}, {"request": "x"}]
)
def test_an_error_found_at_once_goes_back_to_the_same_uri(visit, changes):
    """Before WeChat is asked for anything."""
    answer = visit.authorize(redirect_uri=OWN_QUERY, **changes)
    location = header(answer, "Location")

    assert location.startswith(f"{OWN_QUERY}&error=")
    assert query_of(location)["iss"] == ISSUER
    assert (answer.status, header(answer, "Cache-Control")) == (303, "no-store")
    assert header(answer, "Referrer-Policy") == "no-referrer"


@pytest.mark.case(45, 46)
@pytest.mark.parametrize("state", ["&=%", "张三😀 +/?#", "x" * 512, "a\tb\r\nc", None])
@pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])
def test_the_clients_state_is_the_clients_affair(visit, way, state):
    """It comes back as it was, or not at all, and WeChat never sees it."""
    begun = way(visit, state=state)
    location = header(visit.agree(begun), "Location")
    # Letter by letter: not every reader takes a plus for a blank.
    told = dict(pair.split("=") for pair in urlsplit(location).query.split("&"))

    assert told.get("state") == (None if state is None else quote(state, safe=""))
    assert query_of(header(begun, "Location"))["state"] != state
