"""Seams of a handler: what a host may ask, the probe, the bounds of a head."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from runtime.entry.dialects import ErrorInDialect, web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import route
from runtime.errors import NotFound
from runtime.web.messages import (
    LARGEST_HEADERS,
    LARGEST_QUERY,
    Response,
    json_response,
)
from tests.support.fc_calls import REQUEST_ID, call_wsgi, make_environ_fc


def make_gateway(*, secure=True):
    return SimpleNamespace(
        settings=SimpleNamespace(secure=secure, development=False, allowed_hosts=())
    )


GATEWAY = make_gateway()


def echo(request, gateway, *groups):
    """Answer what the view was given."""
    body = request.body.decode()
    return json_response([request.method, body, gateway is GATEWAY, *groups])


ROUTES = (
    route("/a/([0-9]+)", body=100, GET=echo, POST=echo),
    route("/b", body=7, POST=echo),
)


def make_handler(**more):
    settings = {"dialect": web_dialect, "gateway": lambda: GATEWAY, **more}
    return entrypoint(ROUTES, mount="/login", **settings)


def call(handler, **more):
    status, headers, body = call_wsgi(handler, make_environ_fc(**more))
    return status, dict(headers), body


def test_a_view_gets_method_body_gateway_and_groups():
    """The groups of its pattern, in order; HEAD comes as GET."""
    handler = make_handler()
    posted = call(handler, method="POST", path="/login/a/5", body=b"hello")
    got = call(handler, path="/a/5")
    other = call(handler.with_gateway(make_gateway()), path="/a/5")

    assert ["POST", "hello", True, "5"] == json.loads(posted[2])
    assert ["GET", "", True, "5"] == json.loads(got[2])
    assert ["GET", "", False, "5"] == json.loads(other[2])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/a/5", 100),
        ("HEAD", "/a/5", 100),
        ("POST", "/login/a/5", 100),
        ("POST", "/b", 7),
        ("POST", "/login/b", 7),
        ("GET", "/b", 0),
        ("PUT", "/a/5", 0),
        ("POST", "/login/nothing", 0),
    ],
)
def test_the_largest_body(method, path, expected):
    """A host asks before it reads: the route's, or none where no view answers."""
    assert expected == make_handler().body_limit(method, path)
    other = make_handler().with_gateway(make_gateway())
    assert expected == other.body_limit(method, path)


def test_whether_a_view_may_wait():
    """A host asks by the whole path, and a function decides by its own."""
    handler = make_handler(waits=lambda *asked: asked == ("GET", "/a/5", "b=1"))
    paths = ("/a/5", "/login/a/5", "/b")
    told = [handler.waits("GET", path, "b=1") for path in paths]

    assert [True, True, False] == told
    assert handler.waits("GET", "/a/5") is False
    assert handler.waits("HEAD", "/a/5", "b=1")
    assert handler.waits("POST", "/a/5", "b=1") is False
    assert handler.with_gateway(GATEWAY).waits("GET", "/login/a/5", "b=1")
    assert make_handler().waits("GET", "/a/5") is False


@pytest.mark.parametrize("path", ["/healthz", "/login/healthz"])
def test_the_probe(path):
    """It names the function, and answers by its method alone, without a gateway."""

    def none():
        raise AssertionError("asked for a gateway")

    get, post = make_handler(gateway=none), make_handler(gateway=none, probed_by="POST")
    quick = {"path": path, "query": "quick=1"}
    status, _, body = call(get, **quick)

    assert (200, "login") == (status, json.loads(body)["function"])
    assert (200, b"") == call(get, method="HEAD", **quick)[::2]
    refused = call(get, method="POST", **quick)
    assert (405, "GET") == (refused[0], refused[1]["Allow"])
    assert 200 == call(post, method="POST", **quick)[0]
    other = post.with_gateway(GATEWAY)
    assert (200, 405) == (
        call(other, method="POST", **quick)[0],
        call(other, **quick)[0],
    )


def test_the_probe_asks_the_gateway():
    """For what it needs: without `quick` it says whether that is reachable."""
    health = SimpleNamespace(
        find=lambda: {"redis": "away"},
        unreadable=lambda: 0,
        tickets=dict,
        login_client=str,
        refused=dict,
    )
    in_flight = SimpleNamespace(number=3)
    gateway = SimpleNamespace(
        health=health,
        calls_in_flight=in_flight,
        sign_ins_in_flight=SimpleNamespace(number=4),
        clock=lambda: 5.0,
    )
    status, _, body = call(make_handler(gateway=lambda: gateway), path="/healthz")
    content = json.loads(body)

    assert 503 == status
    assert ("away", 7, 5.0) == (
        content["redis"],
        content["calls_in_flight"],
        content["time"],
    )


@pytest.mark.parametrize(("length", "status"), [(LARGEST_QUERY, 200), (16385, 414)])
def test_the_longest_query(length, status):
    """16 kB, and no character more."""
    assert status == call(make_handler(), path="/a/5", query="q" * length)[0]


def test_the_longest_headers():
    """16 kB of values together, and no character more."""

    def measure(request, gateway):
        return json_response(sum(len(value) for _, value in request.headers))

    handler = entrypoint(
        (route(".*", body=0, GET=measure),),
        mount="/login",
        dialect=web_dialect,
        gateway=lambda: GATEWAY,
    )

    def answer(length):
        status, _, body = call(handler, headers=[("x-long", "h" * length)])
        return status, json.loads(body)

    _, others = answer(0)

    assert (200, LARGEST_HEADERS) == answer(LARGEST_HEADERS - others)
    assert 431 == answer(LARGEST_HEADERS - others + 1)[0]


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("error", [NotFound(), KeyError()])
def test_a_dialect_is_told_whether_browsers_use_https(secure, error):
    """Its pages set cookies and headers by that; before the settings, they do not."""
    told = []

    def dialect(request, error, *, https):
        told.append(https)
        return Response(error.status)

    def view(request, gateway):
        raise error

    handler = entrypoint(
        (route(".*", body=0, GET=view),),
        mount="/login",
        dialect=dialect,
        gateway=lambda: make_gateway(secure=secure),
    )
    call(handler, path="/a/5")
    call(handler, path="/a/5", query="q" * (LARGEST_QUERY + 1))
    call(handler, path="/healthz", method="POST")

    assert [secure, secure, False] == told


@pytest.mark.parametrize("secure", [True, False])
def test_another_handler_speaks_the_same_dialect(secure):
    """And one that a view chooses is told whether browsers use https, too."""
    told = []

    def own(request, error, *, https):
        told.append(("own", https))
        return Response(error.status)

    def chosen(request, error, *, https):
        told.append(("chosen", https))
        return Response(error.status)

    def view(request, gateway):
        raise ErrorInDialect(NotFound(), chosen)

    handler = entrypoint(
        (route("/a", body=0, GET=view),), mount="/login", dialect=own
    ).with_gateway(make_gateway(secure=secure))
    statuses = [call(handler, path=path)[0] for path in ("/a", "/nothing")]

    assert [404, 404] == statuses
    assert [("chosen", secure), ("own", secure)] == told


def test_a_dialect_that_fails_is_logged(caplog):
    """With the request's id; the answer is a plain status."""

    def broken(request, error, *, https):
        raise RuntimeError("no template")

    assert 404 == call(make_handler(dialect=broken), path="/nothing")[0]
    assert f"{REQUEST_ID}: no answer in the dialect" in caplog.messages
