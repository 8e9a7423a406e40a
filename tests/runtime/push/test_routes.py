"""Routes: which service replies to a push, and which ones get a copy."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from runtime.errors import ServiceUnavailable
from runtime.push.push_message import read_message
from runtime.push.routes import Matched, Route, fits, matches, matching
from runtime.registry.models import Client

TEXT = {"MsgType": "text", "FromUserName": "o-li", "Content": "报名 5 order"}
CLICK = {"MsgType": "event", "Event": "CLICK", "EventKey": "order_5"}
TICKET = {"InfoType": "component_verify_ticket"}


def message(**fields):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return read_message(f"<xml>{inner}</xml>".encode())


def route(id_, **fields):
    return Route(id_, "orders", "https://orders.example.com/wx", **fields)


@pytest.mark.parametrize(
    ("match", "push", "expected"),
    [
        ({}, TEXT, True),
        ({"msg_type": ("image", "text")}, TEXT, True),
        ({"msg_type": ("image",)}, TEXT, False),
        ({"msg_type": ("TEXT",)}, TEXT, True),
        ({"event": ("click",)}, CLICK, True),
        ({"event": ("VIEW",)}, CLICK, False),
        ({"event": ("CLICK",)}, TEXT, False),
        ({"info_type": ("component_verify_ticket",)}, TICKET, True),
        ({"info_type": ("authorized",)}, TICKET, False),
        ({"openid": ("o-wang", "o-li")}, TEXT, True),
        ({"openid": ("O-LI",)}, TEXT, False),
        ({"event_key": ("order_*",)}, CLICK, True),
        ({"event_key": ("order_?",)}, CLICK, True),
        ({"event_key": ("ORDER_*",)}, CLICK, False),
        ({"event_key": ("order",)}, CLICK, False),
        ({"event_key": ("*",)}, TEXT, False),
        ({"content": ("报名*",)}, TEXT, True),
        ({"content": ("*order",)}, TEXT, True),
        ({"content": ("报名",)}, TEXT, False),
        ({"content": ("*",)}, CLICK, False),
        ({"msg_type": ("text",), "openid": ("o-li",)}, TEXT, True),
        ({"msg_type": ("text",), "openid": ("o-wang",)}, TEXT, False),
        ({"msg_type": ()}, TEXT, False),
    ],
)
def test_fields(match, push, expected):
    """One value of each field must fit, and all fields together."""
    assert expected is matches(route("r", match=match), message(**push))


def test_a_field_of_a_later_version():
    """A route that compares something unknown here gets nothing, not everything."""
    assert not matches(route("r", match={"unionid": ("u",)}), message(**TEXT))


def test_content_is_the_beginning_of_a_text():
    """64 characters of it; another type has no content."""
    long = message(MsgType="text", Content="a" * 64 + "b")

    assert matches(route("r", match={"content": ("a" * 64,)}), long)
    assert not matches(route("r", match={"content": ("*b",)}), long)
    other = message(MsgType="event", Content="a")
    assert not matches(route("r", match={"content": ("a",)}), other)


def test_the_first_replies_and_the_others_get_copies():
    """In the order of the document, further repliers too, up to one that stops."""
    log, bot, second = route("log"), route("bot", reply=True), route("2", reply=True)
    no = route("no", match={"msg_type": ("image",)}, stop=True)
    last, after = route("last", stop=True), route("after")
    push = message(**TEXT)

    expected = Matched(bot, (log, second, last))
    assert expected == matching([log, no, bot, second, last, after], push)
    assert Matched(None, (log, after)) == matching([log, after], push)
    assert Matched() == matching([no], push)


def test_a_disabled_client_is_passed_over():
    """Its reply, its copies and its stop; one that cannot be looked up is not."""
    off = Client("off", "Off", {}, (), disabled=True)

    def client(client_id):
        if client_id == "away":
            raise ServiceUnavailable
        return {"off": off, "orders": replace(off, disabled=False)}.get(client_id)

    def of(client_id, **fields):
        return replace(route(client_id, **fields), client=client_id)

    gone = of("off", reply=True, stop=True)
    away, unknown = of("away", reply=True), of("unknown")
    ours = of("orders")
    found = matching([gone, away, unknown, ours], message(**TEXT), client=client)
    assert Matched(away, (unknown, ours)) == found


def test_a_replier_that_stops():
    """It replies, and nothing follows."""
    bot = route("bot", reply=True, stop=True)

    assert Matched(bot) == matching([bot, route("log")], message(**TEXT))


@pytest.mark.parametrize(
    ("text", "glob", "expected"),
    [
        ("", "*", True),
        ("", "?", False),
        ("abc", "abc", True),
        ("abc", "a?c", True),
        ("abc", "a*", True),
        ("abc", "*c", True),
        ("abc", "*b", False),
        ("abc", "*b*", True),
        ("ab", "ab?", False),
        ("ab", "ab*?", False),
        ("a\nb", "a*b", True),
        ("a[1]", "a[1]", True),
        ("a1", "a[1]", False),
        ("aab", "*ab", True),
        ("a*b", "a*b", True),
    ],
)
def test_globs(text, glob, expected):
    """Only * and ? mean something; all of the text must fit."""
    assert expected is fits(text, glob)


def test_a_hostile_glob():
    """It costs no more than the product of the lengths: a regex would never end."""
    began = time.monotonic()

    assert not fits("a" * 1024, "*a" * 60 + "b")
    assert time.monotonic() - began < 10


def test_secrets_of_a_route_are_not_shown():
    """Nor its URL, whose query may hold one."""
    shown = repr(route("r", token="tok3n", encoding_aes_key="k3y", secret="whsec_1"))

    for secret in ("tok3n", "k3y", "whsec_1", "orders.example.com"):
        assert secret not in shown
