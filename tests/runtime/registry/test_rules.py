"""Rules for values: each accepts exactly what its sentence tells an operator."""

from __future__ import annotations

import pytest

from runtime.registry import rules
from runtime.registry.rules import Fault

URL = "https://app.example.com"
TOO_LONG = f"{URL}/{'a' * 512}"
FAULTS = {
    "word": (lambda: rules.word("plain", "stable"), "Plain", "must be plain or stable"),
    "no word": (lambda: rules.word("plain"), 1, "must be plain"),
    "text": (lambda: rules.text("a+", "many a"), "b", "must be many a"),
    "no text": (lambda: rules.text("a+", "many a"), ["a"], "must be many a"),
    "flag": (lambda: rules.flag, 1, "must be true or false"),
    "whole": (lambda: rules.whole(1, 9), 10, "must be a whole number from 1 to 9"),
    "few": (lambda: rules.many(rules.flag, least=1), [], "must be a list of 1 to 100"),
    "no list": (lambda: rules.many(rules.flag), "a", "must be a list of 0 to 100"),
    "item": (
        lambda: rules.many(rules.flag),
        [True, 5],
        "number 2 must be true or false",
    ),
    "twice": (lambda: rules.many(rules.flag), [True, True], "must not name one twice"),
    "scope": (
        lambda: rules.scope,
        "cgi-bin",
        "must be a path, with * at its end alone, or token:read",
    ),
    "origin": (
        lambda: rules.origin,
        f"{URL}/",
        "must be an origin such as https://app.example.com, no more",
    ),
    "frame origin": (
        lambda: rules.frame_origin,
        "http://app.example.com",
        "must be https://, or http:// on loopback",
    ),
    "frame origin by IPv6": (
        lambda: rules.frame_origin,
        "http://[::1]:8090",
        "must have a host name or an IPv4 address",
    ),
    "frame origin with a path": (
        lambda: rules.frame_origin,
        f"{URL}/",
        "must be an origin such as https://app.example.com, no more",
    ),
    "home": (lambda: rules.home, TOO_LONG, "must be a URL of 512 characters at most"),
    "fragment": (
        lambda: rules.home,
        f"{URL}/#a b",
        "must be percent-encoded behind the #",
    ),
    "URL": (
        lambda: rules.redirect_uri,
        "/callback",
        "must be an absolute URL of 512 characters at most",
    ),
    "host": (
        lambda: rules.redirect_uri,
        "https://App.example.com/",
        "must have a host in lower case and no user, fragment or *",
    ),
    "scheme": (
        lambda: rules.redirect_uri,
        "http://app.example.com/",
        "must be https://, or http:// on loopback",
    ),
    "query": (
        lambda: rules.exact_url("code", "state", "iss", "error"),
        f"{URL}/?a=1&code=",
        "must not have code or state or iss or error in its query",
    ),
    "query of a log-out": (
        lambda: rules.exact_url("state"),
        f"{URL}/?state",
        "must not have state in its query",
    ),
}


@pytest.mark.parametrize(("make", "value", "sentence"), FAULTS.values(), ids=FAULTS)
def test_a_fault_says_what_is_accepted(make, value, sentence):
    """The sentence follows the field's name, and never repeats the value."""
    with pytest.raises(Fault) as caught:
        make()(value)

    assert sentence == str(caught.value)


ACCEPTED = {
    "word": (lambda: rules.word("plain", "stable"), ["plain", "stable"]),
    "text": (lambda: rules.text("a+", "many a"), ["a", "a" * 512]),
    "whole": (lambda: rules.whole(1, 9), [1, 9]),
    "many": (
        lambda: rules.many(rules.whole(1, 200)),
        [[], [1], list(range(1, 101))],
    ),
    "bounded": (lambda: rules.many(rules.flag, least=1, most=2), [[True, False]]),
    "scope": (lambda: rules.scope, ["token:read", "/*", "/a/b.c*", "/" + "a" * 127]),
    "frame origin": (
        lambda: rules.frame_origin,
        [URL, f"{URL}:8443", "http://127.0.0.1:8090", "http://localhost:3000"],
    ),
    "home": (lambda: rules.home, [URL, f"{URL}/#/start", f"{URL}/?a=1#" + "b" * 480]),
    "URL": (lambda: rules.exact_url("code"), [f"{URL}/?a=1", f"{URL}/?codes="]),
}


@pytest.mark.parametrize(("make", "values"), ACCEPTED.values(), ids=ACCEPTED)
def test_up_to_its_bounds_a_value_is_accepted(make, values):
    """And returned as it was given."""
    assert values == [make()(each) for each in values]


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda: rules.text("a+", "many a"), "a" * 513),
        (lambda: rules.whole(1, 9), 0),
        (lambda: rules.whole(1, 9), True),
        (lambda: rules.many(rules.whole(1, 200)), list(range(1, 102))),
        (lambda: rules.scope, "/" + "a" * 128),
        (lambda: rules.scope, "/a/../b"),
    ],
)
def test_beyond_its_bounds_a_value_is_refused(make, value):
    """By one character, number or item."""
    with pytest.raises(Fault):
        make()(value)


def test_a_tuple_is_a_list():
    """The host's commands hand over tuples, and the document holds lists."""
    assert [1, 2] == rules.many(rules.whole(1, 9))((1, 2))
