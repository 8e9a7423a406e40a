"""Calls that misbehave because a test ordered it."""

import time

import pytest
import urllib3

PATH = "/cgi-bin/getcallbackip"


def order(sandbox, **fault):
    sandbox.control("faults", path=PATH, **fault)


def call(sandbox):
    return sandbox.get(PATH, {"access_token": "x"})


def test_an_errcode_as_often_as_asked(sandbox):
    """The next calls of that path answer it, before any other check."""
    order(sandbox, errcode=-1, times=2)
    codes = [call(sandbox).json()["errcode"] for _ in range(3)]

    assert codes == [-1, -1, 40001]


def test_faults_come_in_the_order_they_were_ordered(sandbox):
    """Other paths are left alone."""
    order(sandbox, errcode=45009)
    order(sandbox, errcode=99999)
    other = sandbox.get("/cgi-bin/token").json()["errcode"]
    codes = [call(sandbox).json()["errcode"] for _ in range(2)]

    assert (other, codes) == (41002, [45009, 99999])


def test_a_status_comes_with_html(sandbox):
    """As a gateway in front of the platform would answer."""
    order(sandbox, status=502)
    reply = call(sandbox)

    assert (reply.status, reply.body[:1]) == (502, b"<")


def test_a_body_comes_as_it_is(sandbox):
    """Status 200 with that very text."""
    order(sandbox, body='{"errcode": "oops')
    reply = call(sandbox)

    assert (reply.status, reply.text) == (200, '{"errcode": "oops')


def test_a_delay_comes_before_the_real_answer(sandbox):
    """The call is answered as usual, later."""
    order(sandbox, delay_ms=80)
    started = time.monotonic()
    errcode = call(sandbox).json()["errcode"]

    assert errcode == 40001
    assert time.monotonic() - started >= 0.08


def test_a_dropped_connection(sandbox):
    """The caller gets nothing at all; the journal has it all the same."""
    order(sandbox, drop=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        call(sandbox)
    [entry] = sandbox.journal(path=PATH)

    assert (entry["fault"], entry["status"]) == ("drop", None)
    assert call(sandbox).json()["errcode"] == 40001


def test_a_page_shows_its_fault_as_a_page(sandbox):
    """An errcode on a page is WeChat's error page with that number."""
    path = "/connect/oauth2/authorize"
    sandbox.control("faults", path=path, errcode=10009)
    reply = sandbox.get(path)

    assert "错误码：10009" in reply.text


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"errcode": 1, "status": 502},
        {"errcode": "1"},
        {"errcode": True},
        {"drop": False},
        {"colour": "red"},
        {"errcode": 1, "times": 0},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(sandbox, fault):
    """Exactly one kind of fault, of its type, at least once."""
    reply = sandbox.post("/_sandbox/faults", {"path": PATH, **fault})

    assert (reply.status, list(reply.json())) == (400, ["error"])
