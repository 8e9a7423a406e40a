"""The entrypoint: a malformed call is answered, and an oversized one refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runtime.entry.dialects import web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.web.messages import LARGEST_BODY, json_response
from tests.support.fc_calls import (
    call_event,
    call_wsgi,
    make_environ_fc,
    make_event_fc,
)
from tests.support.one_view import one_view

GATEWAY = SimpleNamespace(
    settings=SimpleNamespace(secure=True, development=False, allowed_hosts=())
)


def echo(request, gateway):
    """Answer what the function was told."""
    return json_response([request.method, request.path])


def make_handler(handle):
    return entrypoint(
        one_view(handle), mount="/login", dialect=web_dialect, gateway=lambda: GATEWAY
    )


@pytest.mark.parametrize("missing", ["REQUEST_METHOD", "wsgi.input"])
def test_a_malformed_environ(missing, caplog):
    """A call without what every call has is answered, too."""
    environ = make_environ_fc(method="POST", body=b"a")
    del environ[missing]

    assert 500 == call_wsgi(make_handler(echo), environ)[0]
    assert missing in caplog.text


def test_a_body_that_cannot_be_read():
    """A connection that breaks while the body is read ends in an answer."""

    class Broken:
        def read(self, size):
            raise ConnectionResetError

    environ = {**make_environ_fc(method="POST", body=b"a"), "wsgi.input": Broken()}

    assert 500 == call_wsgi(make_handler(echo), environ)[0]


@pytest.mark.parametrize("event", [b"", b"{", b"[]", b'{"triggerName":"tick"}'])
def test_a_malformed_event(event):
    """What is no HTTP event is a bad request."""
    assert 400 == call_event(make_handler(echo), event)[0]


@pytest.mark.parametrize("query", ["a=\xe5", "张", "a=\x80"])
def test_a_query_that_is_not_ascii(query):
    """A query with raw bytes beyond ASCII is refused before anybody reads it."""
    assert 400 == call_wsgi(make_handler(echo), make_environ_fc(query=query))[0]


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 200), (None, 413)])
def test_oversized(size, status):
    """32 MB come through, one byte more does not."""
    body = bytes(size or LARGEST_BODY + 1)
    handler = make_handler(echo)

    assert status == call_wsgi(handler, make_environ_fc(method="POST", body=body))[0]


def test_oversized_in_an_event():
    """The limit holds for an event's decoded body, too."""
    event = make_event_fc(method="POST", body=bytes(LARGEST_BODY + 1))

    assert 413 == call_event(make_handler(echo), event)[0]
