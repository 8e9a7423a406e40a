"""Adapters: a call that cannot be read is a bad request, and nothing worse."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from runtime.entry.adapters import adapter_for
from runtime.entry.event_adapter import EventAdapter
from runtime.entry.wsgi_adapter import WsgiAdapter
from runtime.errors import BadRequest, PayloadTooLarge
from runtime.web.messages import Request
from tests.support.fc_calls import (
    REQUEST_ID,
    Wsgi,
    make_context,
    make_environ_fc,
    make_event_fc,
)


@pytest.mark.parametrize("length", ["-1", "x", "1.5", "٣", "9" * 5000])
def test_an_odd_content_length_is_a_bad_request(length):
    """A length that is no number is refused before anything is read."""
    environ = {**make_environ_fc(), "CONTENT_LENGTH": length}

    with pytest.raises(BadRequest):
        WsgiAdapter(environ, Wsgi()).body(100)


@pytest.mark.parametrize(
    ("length", "expected"), [("", b""), ("2", b"ab"), ("99", b"abcd")]
)
def test_content_length_counts(length, expected):
    """Content-Length bytes are read, and no more is waited for."""
    environ = {**make_environ_fc(body=b"abcd"), "CONTENT_LENGTH": length}

    assert expected == WsgiAdapter(environ, Wsgi()).body(100)


@pytest.mark.parametrize("length", ["101", "9" * 12])
def test_a_body_that_is_announced_too_large_is_not_read(length):
    """The length alone is enough to refuse it; there need be no input at all."""
    environ = {**make_environ_fc(), "CONTENT_LENGTH": length, "wsgi.input": None}

    with pytest.raises(PayloadTooLarge):
        WsgiAdapter(environ, Wsgi()).body(100)


@pytest.mark.parametrize(("size", "refused"), [(100, False), (101, True)])
def test_a_body_in_chunks_has_no_length(size, refused):
    """A server that marks where it ends gives no length: it is read to the limit."""
    environ = {**make_environ_fc(body=bytes(size)), "wsgi.input_terminated": True}
    del environ["CONTENT_LENGTH"]
    adapter = WsgiAdapter(environ, Wsgi())

    if refused:
        with pytest.raises(PayloadTooLarge):
            adapter.body(100)
    else:
        assert bytes(size) == adapter.body(100)


def test_an_input_that_gives_more_than_its_length():
    """It is refused as well: the length may be a lie."""
    environ = make_environ_fc(body=bytes(10))
    environ["wsgi.input"] = SimpleNamespace(read=lambda size: bytes(101))

    with pytest.raises(PayloadTooLarge):
        WsgiAdapter(environ, Wsgi()).body(100)


def test_a_variable_of_the_process_is_no_header():
    """FC's environ starts as the process' own; only HTTP_* names can be headers."""
    environ = {**make_environ_fc(), "SECRET_NAME": "hush", "HTTPS": "on"}

    request = WsgiAdapter(environ, Wsgi()).request()
    assert "hush" not in repr(request)
    assert all(name != "s" for name, _ in request.headers)


EVENT = json.loads(make_event_fc())


NOT_EVENTS = {
    "empty": b"",
    "no-json": b"{",
    "no-utf8": b"\xff",
    "deep": b"[" * 100_000,
    "null": b"null",
    "list": b"[]",
    "text": b'"a"',
    "number": b"1",
    "timer": b'{"triggerTime":"2027-01-15T08:00:00Z","triggerName":"tick"}',
    "no-method": {**EVENT, "requestContext": {"http": {"path": "/"}}},
    "context-null": {**EVENT, "requestContext": None},
    "path-number": {**EVENT, "rawPath": 5},
    "body-object": {**EVENT, "body": {"a": 1}},
    "body-no-base64": {**EVENT, "body": "a", "isBase64Encoded": True},
    "body-surrogate": {**EVENT, "body": "\ud800", "isBase64Encoded": False},
    "headers-list": {**EVENT, "headers": ["a"]},
    "parameters-text": {**EVENT, "queryParameters": "a=1"},
    "parameter-surrogate": {**EVENT, "queryParameters": {"a": "\ud800"}},
}


@pytest.mark.parametrize("event", NOT_EVENTS.values(), ids=NOT_EVENTS)
def test_what_is_no_http_event_is_a_bad_request(event):
    """Any other event is a bad request, and no other error."""
    text = event if isinstance(event, bytes) else json.dumps(event).encode()

    with pytest.raises(BadRequest):
        whole(text)


def whole(event):
    adapter = EventAdapter(event, make_context())
    return replace(adapter.request(), body=adapter.body(100))


@pytest.mark.parametrize("missing", ["body", "headers", "queryParameters", "rawPath"])
def test_an_event_may_leave_out_what_is_empty(missing):
    """A field that is null or absent is an empty one."""
    absent = {name: value for name, value in EVENT.items() if name != missing}

    for event in (absent, {**EVENT, missing: None}):
        text = json.dumps(event).encode()
        assert (
            Request("GET", "/", peer_ip="192.0.2.1", request_id=REQUEST_ID)
        ) == whole(text)


def test_an_event_without_a_context_has_its_own_id():
    """The event carries the request id, too."""
    request = EventAdapter(json.dumps(EVENT).encode(), None).request()

    assert REQUEST_ID == request.request_id


@pytest.mark.parametrize("arguments", [(None, None), ({}, None), (1, 2)])
def test_another_way_of_calling(arguments):
    """What is neither form is a programming error."""
    with pytest.raises(TypeError, match="neither a WSGI call nor an FC event"):
        adapter_for(*arguments)
