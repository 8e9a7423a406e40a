"""Server of a custom runtime: calls as Function Compute sends them, on raw sockets."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from functions.login.index import handler as login
from runtime.entry.custom_runtime import Server, loaded

EVENT = {"x-fc-control-path": "/invoke", "x-fc-request-id": "r-1"}
HTTP = {"x-fc-control-path": "/http-invoke", "x-fc-request-id": "r-2"}


class Handler:
    """Notes what it is called with, and answers what it is told to."""

    def __init__(self):
        self.calls, self.fails = [], False
        self.answer = ("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], [b"x"])
        self.result = {"done": 1}

    def __call__(self, first, second):
        self.calls.append((first, second))
        if self.fails:
            raise RuntimeError("a secret of the function")
        if not callable(second):
            return self.result
        status, headers, parts = self.answer
        second(status, headers)
        return parts


@pytest.fixture
def handler():
    return Handler()


@pytest.fixture
def send(handler):
    """Send bytes on one connection; return what came until the server's end of it."""
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def run(*messages):
        with socket.create_connection(server.server_address, timeout=20) as wire:
            for message in messages:
                wire.sendall(message)
            wire.shutdown(socket.SHUT_WR)
            got = b""
            while part := wire.recv(65536):
                got += part
        return got

    yield run
    server.shutdown()
    thread.join(20)
    server.server_close()


def request(target="/", *, method="GET", headers=(), body=b""):
    """Return the bytes of a request with a length."""
    given = {"Host": "gateway.example.com", **dict(headers)}
    given["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_a_request_is_passed_as_wsgi(handler, send):
    """Path, query, headers and body as they came, and two cookies go back."""
    headers = {**HTTP, "Content-Type": "text/xml", "Cookie": "a=1", "X-A": "b"}
    got = send(request("/login/%61?q=%20", method="PUT", headers=headers, body=b"hi"))
    (environ, _), *others = handler.calls
    (length,) = [each for each in got.split(b"\r\n") if each.startswith(b"Content-Le")]

    assert [] == others
    assert (2, b"Content-Length: 1") == (got.count(b"Set-Cookie: "), length)
    assert ("PUT", "/login/%61", "q=%20") == (
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        environ["QUERY_STRING"],
    )
    assert "/login/%61?q=%20" == environ["fc.request_uri"]
    assert ("2", b"hi") == (environ["CONTENT_LENGTH"], environ["wsgi.input"].read())
    assert ("text/xml", "a=1", "b") == (
        environ["CONTENT_TYPE"],
        environ["HTTP_COOKIE"],
        environ["HTTP_X_A"],
    )
    assert "r-2" == environ["fc.context"].request_id


def test_the_functions_key_reaches_no_handler(handler, send):
    """The headers of Function Compute itself are left out, and those with `_`."""
    key = {"x-fc-access-key-secret": "the-key", "x_fc_trick": "1", "Host_": "a"}
    send(request(headers={**HTTP, **key}))
    environ, _ = handler.calls[0]

    assert ["HTTP_HOST"] == [name for name in environ if name.startswith("HTTP_")]
    assert "the-key" not in str(environ)


def test_an_event_is_the_body(handler, send):
    """The result is the answer's body: an object as JSON, text as it is."""
    got = send(request("/invoke", method="POST", headers=EVENT, body=b'{"a": 1}'))
    event, context = handler.calls[0]
    handler.result = "text"
    text = send(request("/invoke", method="POST", headers=EVENT))

    assert b'{"a": 1}' == event
    assert "r-1" == context.request_id
    assert not hasattr(context, "credentials")
    assert {"done": 1} == json.loads(got.partition(b"\r\n\r\n")[2])
    assert b"text" == text.partition(b"\r\n\r\n")[2]


def test_the_path_of_an_event_is_no_secret_way(handler, send):
    """A caller of the HTTP trigger gets a request to /invoke, and no event."""
    send(request("/invoke", method="POST", headers=HTTP, body=b"{}"))
    environ, start = handler.calls[0]

    assert "/invoke" == environ["PATH_INFO"]
    assert callable(start)


def test_initialize_calls_no_handler(handler, send):
    """Nothing is to be done before the first call."""
    control = {"x-fc-control-path": "/initialize"}
    got = send(request("/initialize", method="POST", headers=control))

    assert got.startswith(b"HTTP/1.1 200 ")
    assert [] == handler.calls


def test_chunks_are_joined(handler, send):
    """With an extension and trailers; the next request on the connection is read."""
    head = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    got = send(head + b"2;x=1\r\nhe\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n", request())
    (first, _), (second, _) = handler.calls

    assert (b"he0123456789", b"") == (
        first["wsgi.input"].read(),
        second["wsgi.input"].read(),
    )
    assert 2 == got.count(b"HTTP/1.1 200 ")


def test_a_failure_shows_nothing(handler, send, capfd):
    """The caller gets a fixed text, Function Compute its mark, the log the rest."""
    handler.fails = True
    got = send(request(headers=HTTP), request(headers=HTTP))
    log = capfd.readouterr().out

    assert 2 == got.count(b"HTTP/1.1 500 ")
    assert 2 == got.count(b"x-fc-status: 404")
    assert b"a secret" not in got
    assert "RuntimeError: a secret of the function" in log
    assert "FC Invoke End RequestId: r-2, Error: Unhandled function error" in log


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [
        ("HEAD", "200 OK", b""),
        ("GET", "204 No Content", b""),
        ("GET", "302 Found", b"x"),
    ],
)
def test_what_has_a_body(handler, send, method, status, body):
    """HEAD and 204 have none, so that the connection can be used again."""
    handler.answer = (status, [("Location", "/b")], [b"x"])
    got = send(request(method=method), request(method=method))
    _, first, *_ = got.split(b"\r\n\r\n")

    assert 2 == got.count(f"HTTP/1.1 {status[:3]} ".encode())
    assert first.startswith(body + b"HTTP/1.1 ")


@pytest.mark.parametrize(
    "name", ["functions/login/index.handler", "functions.login.index.handler"]
)
def test_a_handler_is_found_by_its_name(name):
    """As the template names it; the file's own folder is /code."""
    assert loaded(name) is login
