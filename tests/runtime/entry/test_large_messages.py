"""Large bodies at a function's entry: late, stored, in parts, or joined."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest

from runtime.entry.dialects import json_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import late_route
from runtime.errors import InvalidClient
from runtime.web.messages import Response, json_response
from runtime.web.stored_body import ARRIVED, AWAITED, BODY, READ_AT_ONCE
from runtime.web.streamed import STREAMS
from tests.support.fc_calls import (
    Wsgi,
    call_event,
    call_wsgi,
    make_environ_fc,
    make_event_fc,
)

MB = 1024 * 1024
GATEWAY = SimpleNamespace(
    settings=SimpleNamespace(secure=False, development=False, allowed_hosts=())
)


class Unread:
    """The input of a call whose body must not be read."""

    def read(self, size=-1):
        raise AssertionError("the body was read")


class Rest:
    closed = 0

    def __init__(self, *pieces):
        self._pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._pieces)

    def close(self):
        self.closed += 1


def upload(request, gateway):
    """Take a body of somebody who is known."""
    if request.header("x-who") != "known":
        raise InvalidClient
    size = len(request.content())
    return json_response([request.method, size, request.is_admitted])


def handler_of(view, *, body=32 * MB):
    views = dict.fromkeys(("GET", "POST"), view)
    routes = (late_route("/up", body=body, **views),)
    return entrypoint(
        routes, mount="/api", dialect=json_dialect, gateway=lambda: GATEWAY
    )


KNOWN = (("x-who", "known"),)


def asked(handler, *, method="POST", path="/api/up", **environ):
    headers = environ.pop("headers", KNOWN)
    made = make_environ_fc(method=method, path=path, headers=headers)
    return call_wsgi(handler, made | environ)


@pytest.mark.parametrize("size", [0, READ_AT_ONCE, READ_AT_ONCE + 1, 3 * MB])
def test_a_view_gets_the_body_when_it_asks(size):
    """In both of FC's forms, whatever its size."""
    handler, call = handler_of(upload), {"method": "POST", "path": "/up"}
    environ = make_environ_fc(**call, headers=KNOWN, body=bytes(size))
    event = make_event_fc(**call, headers=KNOWN, body=bytes(size))

    for _, _, body in (call_wsgi(handler, environ), call_event(handler, event)):
        assert json.loads(body) == ["POST", size, False]


def test_a_strangers_body_is_not_read():
    """The view refuses first; and so does the limit."""
    handler, large = handler_of(upload), {"wsgi.input": Unread()}
    large["CONTENT_LENGTH"] = str(MB)
    status, _, _ = asked(handler, headers=(), **large)
    large["CONTENT_LENGTH"] = str(32 * MB + 1)
    too_large, _, _ = asked(handler, headers=(), **large)

    assert (status, too_large) == (401, 413)


@pytest.mark.parametrize("size", ["1", str(READ_AT_ONCE), str(READ_AT_ONCE + 1)])
def test_a_host_may_ask_before_the_body_has_come(size):
    """The answer is 100 where the view wants it, and whatever it says otherwise."""
    handler = handler_of(upload)
    head = {BODY: AWAITED, "CONTENT_LENGTH": size, "wsgi.input": Unread()}
    started = Wsgi()
    environ = make_environ_fc(method="POST", path="/up", headers=KNOWN) | head

    assert list(handler(environ, started)) == []
    assert started.status == "100 Continue"
    if int(size) > READ_AT_ONCE:
        assert asked(handler, headers=(), **head)[0] == 401
    body = {"wsgi.input": io.BytesIO(bytes(int(size)))}
    told = asked(handler, **{**head, BODY: ARRIVED, **body})[2]
    assert json.loads(told) == ["POST", int(size), True]


def test_no_header_says_that_a_body_was_awaited():
    """Only the host's own key in the environ does."""
    names = ("host.body", "host-body", "Host.Body")
    headers = (*KNOWN, *((name, ARRIVED) for name in names))
    environ = make_environ_fc(
        method="POST", path="/up", headers=headers, body=b"a" * MB
    )

    assert json.loads(call_wsgi(handler_of(upload), environ)[2])[2] is False


def test_a_large_body_with_get_is_not_read():
    """A view that asks for it gets nothing."""
    large = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(MB)}
    for method in ("GET", "HEAD"):
        assert asked(handler_of(upload), method=method, **large)[0] == 200


def in_parts(rest, *, length=None):
    def view(request, gateway):
        headers = (("Content-Type", "image/png"),)
        told = (("X-Parts", str(request.takes_parts)),)
        return Response(200, headers + told, b"begin", rest, length)

    return handler_of(view)


@pytest.mark.parametrize("length", [None, 11])
@pytest.mark.parametrize("path", ["/up", "/api/up"])
def test_a_host_may_take_parts(length, path):
    """As they are made; it closes them, and knows the length if there is one."""
    rest = Rest(b"mid", b"end")
    started = Wsgi()
    environ = make_environ_fc(path=path) | {STREAMS: True}
    parts = in_parts(rest, length=length)(environ, started)

    assert iter(parts) is parts
    assert list(parts) == [b"begin", b"mid", b"end"]
    parts.close()
    assert rest.closed == 1
    headers = dict(started.headers)
    assert headers["X-Parts"] == "True"
    assert headers.get("Content-Length") == (length and "11")


def test_function_compute_gets_the_whole():
    """In both forms; the rest is closed, as it never closes anything."""
    for call in (
        lambda handler: call_wsgi(handler, make_environ_fc(path="/up")),
        lambda handler: call_event(handler, make_event_fc(path="/up")),
    ):
        rest = Rest(b"mid", b"end")
        status, headers, body = call(in_parts(rest, length=11))
        assert (status, body, rest.closed) == (200, b"beginmidend", 1)
        assert dict(headers)["X-Parts"] == "False"


@pytest.mark.parametrize("length", [None, 6 * MB + 1])
def test_function_compute_carries_six_megabytes(length):
    """More is an error in the function's dialect, and is not read to the end."""
    for call in (
        lambda handler: call_wsgi(handler, make_environ_fc(path="/up")),
        lambda handler: call_event(handler, make_event_fc(path="/up")),
    ):
        rest = Rest(*[bytes(MB)] * 100)
        status, _, body = call(in_parts(rest, length=length))
        assert (status, rest.closed) == (502, 1)
        assert json.loads(body)["error"] == "answer_too_large"
        assert len(list(rest)) >= 93


def test_head_closes_the_rest():
    """Nothing of it is sent."""
    rest = Rest(b"mid")
    environ = make_environ_fc(method="HEAD", path="/up") | {STREAMS: True}

    assert call_wsgi(in_parts(rest), environ)[2] == b""
    assert rest.closed == 1
