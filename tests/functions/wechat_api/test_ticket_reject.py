"""Rejected tickets: compare-and-refresh, as for the real token."""

from __future__ import annotations

import json

import pytest

from tests.support.scripted_wechat import SERVICE, basic, change

STABLE, TICKET = "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket"
READ = f"{TICKET}?type="


def ticket(value):
    return {"errcode": 0, "errmsg": "ok", "ticket": value, "expires_in": 7200}


@pytest.fixture
def wechat_gives(wechat):
    """Script the tickets that WeChat gives one after the other."""
    wechat.script(STABLE, {"access_token": "75_real", "expires_in": 7200})

    def script(*values):
        wechat.rescript(TICKET, *map(ticket, values))

    return script


def read(call, kind="jsapi"):
    return call(TICKET, query=f"type={kind}", authorization=basic())[2]["ticket"]


def reject(call, value, **more):
    body = json.dumps({"ticket": value, **more}).encode()
    return call("/ticket/reject", method="POST", authorization=basic(), body=body)


@pytest.mark.parametrize("kind", ["jsapi", "wx_card"])
def test_a_rejected_ticket_is_replaced_once(call, wechat, wechat_gives, kind):
    """A second report of the same value changes nothing; jsapi is the default."""
    wechat_gives("t-1", "t-2")
    assert "t-1" == read(call, kind)
    more = {} if kind == "jsapi" else {"type": kind}
    first, second = reject(call, "t-1", **more), reject(call, "t-1", **more)

    assert (200, {"dropped", "replaced", "expires_in"}) == (first[0], first[2].keys())
    assert (True, True) == (first[2]["dropped"], first[2]["replaced"])
    assert (False, True) == (second[2]["dropped"], second[2]["replaced"])
    assert 7000 < second[2]["expires_in"] <= first[2]["expires_in"] == 7170
    assert "t-2" == read(call, kind)
    assert 2 == len(wechat.calls(TICKET))


def test_the_other_kind_of_ticket_stays(call, wechat_gives):
    """Each is a credential of its own."""
    wechat_gives("t-1")
    read(call, "jsapi")
    wechat_gives("c-1")
    read(call, "wx_card")
    wechat_gives("c-2")
    reject(call, "c-1", type="wx_card")

    assert ("t-1", "c-2") == (read(call, "jsapi"), read(call, "wx_card"))


def test_a_value_that_never_stood_drops_nothing(call, wechat, wechat_gives):
    """WeChat is not asked."""
    wechat_gives("t-1", "t-2")
    read(call)
    answer = reject(call, "t-0")[2]

    assert (False, True) == (answer["dropped"], answer["replaced"])
    assert "t-1" == read(call)
    assert 1 == len(wechat.calls(TICKET))


def test_a_ticket_that_wechat_gives_again(call, wechat, wechat_gives):
    """It is told, and no caller can make the gateway ask for ever."""
    wechat_gives("t-1")
    read(call)
    told = [reject(call, "t-1")[2] for _ in range(30)]
    asked = len(wechat.calls(TICKET))

    assert (True, False) == (told[0]["dropped"], told[0]["replaced"])
    assert not any(each["replaced"] for each in told)
    assert told[-1]["dropped"] is False
    assert asked <= 6


def test_who_may_not_read_tickets_may_not_reject_them(
    call, gateway, wechat, wechat_gives
):
    """The scope is the path by which they are read; token:read is not needed."""
    wechat_gives("t-1", "t-2")
    change(gateway, "clients", "demo", scopes={SERVICE: [TICKET]})
    read(call)
    assert reject(call, "t-1")[2]["dropped"]
    change(gateway, "clients", "demo", scopes={SERVICE: ["/cgi-bin/user/*"]})
    status, _, content = reject(call, "t-2")

    assert (403, "path_not_in_scope") == (status, content["error"])
    assert 2 == len(wechat.calls(TICKET))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b"null", b"\xff", b"ticket=x"),
        *(b'{"ticket":1}', b'{"ticket":""}', b'{"ticket":"\\ud800"}'),
    ],
)
def test_what_is_no_value_is_a_bad_request(call, wechat, body):
    """400, and nothing is asked."""
    status, _, content = call(
        "/ticket/reject", method="POST", authorization=basic(), body=body
    )

    assert (400, "invalid_request") == (status, content["error"])
    assert [] == wechat.seen


@pytest.mark.parametrize("kind", ["sdk", 1, None])
def test_an_unknown_kind(call, wechat, kind):
    """40097's code, as where it is read."""
    status, _, content = reject(call, "t-1", type=kind)

    assert (400, "unknown_ticket_type") == (status, content["error"])
    assert [] == wechat.seen


def test_the_log_tells_who_and_not_what(call, wechat_gives, caplog):
    """A line for what was dropped, and one for what was kept."""
    caplog.set_level("INFO")
    wechat_gives("t-secret-1", "t-secret-2")
    read(call)
    reject(call, "t-secret-1")
    reject(call, "t-secret-1")
    events = [
        json.loads(record.getMessage())["event"]
        for record in caplog.records
        if record.name == "gateway.audit"
    ]

    assert ["ticket_read", "ticket_dropped", "ticket_kept"] == events
    assert "t-secret" not in caplog.text
