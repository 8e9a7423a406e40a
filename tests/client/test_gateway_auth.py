"""GatewayAuthHandler behind the gateway's host name: which cookies it accepts."""

from __future__ import annotations

import base64
import hmac
import json
from time import time
from urllib.parse import parse_qs, urlsplit

import pytest

from client.gateway_auth import cookie_settings
from tests.client.gateway_cookie_service import (
    DAY,
    GATEWAY,
    NAME,
    NEW,
    OLD,
    SESSION,
    USER,
    give,
    serve,
    status,
)
from tests.support.raw_server import RawServer, close, make_answer


def test_who_signed_in_at_the_gateway(browser, running):
    """The page sees the user and when it was, and calls nobody."""
    give(browser)
    answer = browser.get(f"{running.url}/page")

    assert (200, USER) == (answer.status, answer.json())


def test_a_stranger_goes_to_the_gateway_and_comes_back(browser, running):
    """`next` is the page's whole address, its query included."""
    answer = browser.get(f"{running.url}/page?a=1&b=%E5%BC%A0")
    login, _, query = answer.headers["Location"].partition("?")

    assert (302, f"{GATEWAY}/login") == (answer.status, login)
    assert {"next": [f"{running.url}/page?a=1&b=%E5%BC%A0"]} == parse_qs(query)


@pytest.mark.case(114)
@pytest.mark.bug(8)
def test_the_services_own_address_is_a_setting(browser):
    """Whatever Host a request names, and whatever a proxy leaves out."""
    with serve(service_url="https://orders.example.com/") as service:
        answer = browser.get(f"{service.url}/page?a=1", Host="evil.example")

    query = urlsplit(answer.headers["Location"]).query
    assert {"next": ["https://orders.example.com/page?a=1"]} == parse_qs(query)


def test_a_stranger_can_send_nothing(browser, running):
    """A POST is no place to begin a sign-in."""
    assert 403 == browser.get(f"{running.url}/page", method="POST").status


@pytest.mark.case(107, 109, 110, 111)
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        ({"keys": {1: OLD.encode()}}, 200),
        ({"keys": {3: NEW.encode()}}, 302),
        ({"keys": {2: OLD.encode()}}, 302),
        ({"age": -50}, 200),
        ({"age": -70}, 302),
        ({"age": -365 * DAY}, 302),
        ({"age": 7 * DAY - 60}, 200),
        ({"age": 7 * DAY + 60}, 302),
        ({"name": "other", "sent_as": NAME}, 302),
        ({"name": "__Host-gateway_session", "sent_as": NAME}, 302),
        ({"name": "__Host-gateway_session"}, 302),
        ({"text": ""}, 302),
        ({"text": "[]"}, 302),
        ({"text": "null"}, 302),
        ({"text": '{"sub":"u"}'}, 302),
        ({"text": '{"sub":'}, 302),
    ],
    ids=str,
)
def test_whose_cookie_and_when(browser, running, make, expected):
    """The gateway's, of its last week, at most a minute ahead, for this purpose."""
    give(browser, **make)

    assert expected == status(browser, running)


@pytest.mark.case(106)
def test_no_byte_of_it_can_be_changed(browser, running):
    """Nor one be left out."""
    good = give(browser)
    let_in = []
    for at in range(len(good)):
        for other in (chr(ord(good[at]) ^ 1), ""):
            browser.cookies[NAME] = good[:at] + other + good[at + 1 :]
            if status(browser, running) != 302:
                let_in.append((at, other))

    assert [] == let_in


@pytest.mark.case(108)
@pytest.mark.parametrize("secrets", [f"1:{OLD}", f"1:{OLD},2:{NEW}"])
def test_the_older_form_is_no_cookie(browser, secrets):
    """SHA-1 signs for nobody, and is no error for a dict of secrets."""
    value = base64.b64encode(json.dumps(SESSION).encode())
    now = str(int(time())).encode()
    mac = hmac.new(OLD.encode(), NAME.encode() + value + now, "sha1").hexdigest()
    browser.cookies[NAME] = b"|".join([value, now, mac.encode()]).decode()
    with serve(**cookie_settings(secrets)) as service:
        assert 302 == status(browser, service)


@pytest.mark.parametrize(
    "junk",
    [
        *("1|2|3", "|", "||||", "2|", "2|1:1|", "2|-1:1|", "2|1:1|1:1|1:1|1:1|x"),
        *("2|9999:1|x", "2|1:x|2:10|", "\xff\xfe", '"\\012\\000"', "9" * 5000),
        *("2|1:2|10:1700000000|15:gateway_session|4:e30=|" + "0" * 64, "999999999|x"),
    ],
)
def test_junk_is_no_cookie(browser, running, junk):
    """And no error of the service's."""
    browser.cookies[NAME] = junk

    assert 302 == status(browser, running)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"gateway": "https://www.example.com"}, "__Host-gateway_session"),
        (
            {"gateway": "https://www.example.com", "gateway_cookie": NAME},
            "gateway_session",
        ),
    ],
)
def test_the_cookies_name_on_https(browser, settings, name):
    """Bound to its host, unless the gateway shares it with others by COOKIE_DOMAIN."""
    other = {NAME, "__Host-gateway_session"} - {name}
    with serve(**settings) as service:
        give(browser, name=other.pop())
        assert 302 == status(browser, service)
        give(browser, name=name)
        assert 200 == status(browser, service)


def test_the_gateway_tells_the_profile(browser):
    """It is asked with the user's own cookie, and nothing else."""
    me = {"sub": "张-1", "name": "José🦌"}
    answer = make_answer(json.dumps(me).encode())
    with RawServer(answer) as gateway, serve(gateway.url + "/") as service:
        cookie = give(browser)
        browser.cookies["other"] = "private"
        told = browser.get(f"{service.url}/profile").json()
        expected = {"profile": me, "sign_out": f"{gateway.url}/logout"}

    ((head, _),) = gateway.requests
    assert expected == told
    assert "GET /login/me HTTP/1.1" == head.splitlines()[0]
    assert [f"Cookie: {NAME}={cookie}"] == [
        line for line in head.splitlines() if line.startswith("Cookie:")
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (make_answer(b'{"error":"not_signed_in"}', status="401 U"), 200),
        (make_answer(b"", status="302 F", headers=("Location: /x",)), 502),
        (make_answer(b"", status="503 S"), 502),
        (close, 502),
    ],
    ids=["signed out", "elsewhere", "away", "mute"],
)
def test_the_gateway_tells_nothing(browser, answer, expected):
    """After a sign-out there is nobody; a gateway that fails is not a sign-out."""
    with RawServer(answer, make_answer()) as gateway, serve(gateway.url) as service:
        give(browser)
        told = browser.get(f"{service.url}/profile")

    assert expected == told.status
    assert expected == 502 or told.json()["profile"] is None


def test_a_strangers_profile(browser, running):
    """The gateway is not even asked: nobody listens there."""
    assert None is browser.get(f"{running.url}/profile").json()["profile"]


def test_the_gateways_setting_is_tornados():
    """The newest version signs, all verify; the text is the gateway's own."""
    expected = {"cookie_secret": {3: "a:b", 1: "c"}, "key_version": 3}

    assert expected == cookie_settings("3:a:b, 1:c")


@pytest.mark.parametrize("text", ["", "secret", "0:s3cret", "x:s3cret", "1:", "1:a,"])
def test_a_malformed_setting_is_not_repeated(text):
    """The error names the setting alone."""
    with pytest.raises(ValueError, match=r"^COOKIE_SECRETS must be [a-z :]+$"):
        cookie_settings(text)
