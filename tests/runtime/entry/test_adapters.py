"""Adapters: one Request whatever the platform, one answer whatever the form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.wsgi import WSGIContainer

from runtime.entry.adapters import adapter_for
from runtime.entry.event_adapter import EventAdapter
from runtime.entry.wsgi_adapter import WsgiAdapter
from runtime.web.messages import LARGEST_BODY, Request, Response, json_response
from tests.support.fc_calls import (
    REQUEST_ID,
    Wsgi,
    call_event,
    call_wsgi,
    make_context,
    make_environ_fc,
    make_event_fc,
)

FORM = ("content-type", "application/x-www-form-urlencoded")


def from_wsgi(**call):
    """Return the Request of a WSGI call, its headers sorted and without FC's own."""
    return comparable(whole(adapter_for(make_environ_fc(**call), Wsgi())))


def from_event(**call):
    return comparable(whole(adapter_for(make_event_fc(**call), make_context())))


def whole(adapter):
    """Return the request with its body."""
    return replace(adapter.request(), body=adapter.body(LARGEST_BODY))


def comparable(request):
    # FC 2.0 adds its own header and a content type; the rest is the caller's.
    own = {"x-fc-function-handler", "proxy"}
    plain = ("content-type", "application/octet-stream")
    headers = [each for each in request.headers if each[0] not in own and each != plain]
    return replace(request, headers=tuple(sorted(headers)))


SAME = {
    "plain": {},
    "path": {"path": "/cgi-bin/user/info"},
    "no-path": {"path": ""},
    "post": {"method": "POST", "body": b"a=b", "headers": [FORM]},
    "delete": {"method": "DELETE", "path": "/a"},
    "lower-case-method": {"method": "get"},
    "binary": {"method": "POST", "body": bytes(range(256))},
    "utf-8": {"method": "POST", "body": "张三😀".encode()},
    "headers": {"headers": [("user-agent", "x"), ("x-a-b", "y")]},
    "repeated": {"headers": [("accept", "a"), ("accept", "b")]},
    "cookies": {"headers": [("cookie", "a=1"), ("cookie", "b=2")]},
    "client": {"peer_ip": "2001:db8::1"},
    "encoded": {"path": "/%6cogin"},
    "encoded-slash": {"path": "/login%2fme"},
    "utf-8-path": {"path": "/%E5%BC%A0"},
    "raw-path": {"path": "/å"},
    "space": {"path": "/a b"},
    "no-slash": {"path": "login"},
    "semicolon": {"path": "/a;b"},
}


@pytest.mark.parametrize("call", SAME.values(), ids=SAME)
def test_both_forms_give_the_same_request(call):
    """What came in reads the same, whichever generation of FC brought it."""
    by_wsgi, by_event = from_wsgi(**call), from_event(**call)

    assert by_wsgi == by_event
    assert call.get("body", b"") == by_wsgi.body
    assert REQUEST_ID == by_wsgi.request_id


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a=%E5%BC%A0", [("a", "张")]),
        ("a=+%2B%26%3D", [("a", " +&=")]),
        ("a=&b=", [("a", ""), ("b", "")]),
        ("", []),
    ],
)
def test_both_forms_give_the_same_arguments(query, parameters):
    """An event has the query decoded; encoded again it means the same."""
    by_wsgi, by_event = from_wsgi(query=query), from_event(parameters=parameters)

    assert tuple(parameters) == by_wsgi.arguments == by_event.arguments
    assert query == by_wsgi.query


def test_an_event_loses_repetition():
    """FC 3.0 joins repeated parameters; what a function gets is one value."""
    request = from_event(parameters=[("a", "1"), ("a", "2")])

    assert (("a", "1,2"),) == request.arguments


def test_a_name_with_an_underscore_is_no_header():
    """It could pass for the one with a hyphen, which our own proxy has set."""
    headers = [("x_forwarded_for", "203.0.113.9"), ("X_Forwarded_For", "203.0.113.8")]
    request = from_event(headers=[*headers, ("X-Forwarded-For", "192.0.2.7")])

    assert (("x-forwarded-for", "192.0.2.7"),) == request.headers


def test_a_request_of_fc_in_full():
    """Every field of the environ arrives where it belongs."""
    environ = make_environ_fc(
        method="POST",
        path="/login",
        query="a=1",
        headers=[("Cookie", "a=1"), ("Cookie", "b=2"), ("Content-Type", "text/xml")],
        body=b"<a/>",
    )
    environ.pop("HTTP_PROXY", None)  # a variable of this machine

    expected = Request(
        method="POST",
        path="/login",
        query="a=1",
        headers=(
            ("x-fc-function-handler", "functions/login/index.handler"),
            ("cookie", "a=1,b=2"),
            ("content-type", "text/xml"),
        ),
        body=b"<a/>",
        peer_ip="192.0.2.1",
        request_id=REQUEST_ID,
    )
    assert expected == whole(WsgiAdapter(environ, Wsgi()))


@pytest.mark.parametrize("path", ["/", "", "/login", "/login/", "/login/me"])
@pytest.mark.parametrize("prefix", ["", "/2016-08-15/proxy/gateway/login"])
def test_the_default_form_of_address(path, prefix):
    """FC gives the path without its prefix; a bare prefix is the root."""
    assert (path or "/") == from_wsgi(path=path, prefix=prefix, query="a=1").path


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("/%6cogin", "/login"),
        ("/login%2fme", "/login/me"),
        ("/login%2F..%2fadmin", "/login/../admin"),
        ("/%E5%BC%A0", "/\xe5\xbc\xa0"),
        ("/%25", "/%"),
        ("/%00", "/\x00"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/2016-08-15/proxy/gateway/login"])
def test_an_encoded_path_is_no_route(path, decoded, prefix):
    """Whether or not FC decodes PATH_INFO, an encoded path is never a plain one."""
    call = {"path": path, "prefix": prefix}

    assert (
        "/%" == from_wsgi(**call).path == from_wsgi(**call, decoded_path=decoded).path
    )


def tornado_environ(uri, **call):
    """Return the environ that Tornado's own WSGI container makes."""
    request = HTTPServerRequest(
        method="GET", uri=uri, headers=HTTPHeaders(call), body=b"", host="127.0.0.1"
    )
    request.remote_ip = "192.0.2.1"
    request.protocol = "http"
    return WSGIContainer(lambda environ, start_response: []).environ(request)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [("/login/me?a=%41", "/login/me"), ("/%E5%BC%A0", "/%"), ("/a%20b", "/%")],
)
def test_other_wsgi_servers(uri, expected):
    """Tornado's WSGI container decodes the path and sets no variable of FC."""
    request = adapter_for(tornado_environ(uri, Cookie="a=1"), Wsgi()).request()

    assert expected == request.path
    assert uri.partition("?")[2] == request.query
    assert {"a": "1"} == request.cookies
    assert len(request.request_id) == 32


PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
ANSWERS = {
    "empty": Response(204),
    "json": json_response({"a": "张"}),
    "wechat": Response(200, (("Content-Type", "text/plain"),), b'{"errcode":0}'),
    "png": Response(200, (("Content-Type", "image/png"),), PNG),
    "gbk": Response(200, (("Content-Type", "text/plain"),), "张".encode("gbk")),
    "untyped": Response(200, (), b"a"),
    "one-cookie": Response(303, (("Location", "/"), ("Set-Cookie", "a=1")), b""),
    "odd-status": Response(299, (), b""),
}


@pytest.mark.parametrize("response", ANSWERS.values(), ids=ANSWERS)
def test_both_forms_give_the_same_answer(response):
    """Status, headers and bytes reach the caller unchanged, by either platform."""
    expected = (response.status, list(response.headers), response.body)

    def handler(first, second):
        return adapter_for(first, second)(response)

    assert expected == call_wsgi(handler, make_environ_fc())
    assert expected == call_event(handler, make_event_fc())


def test_text_stays_text_in_an_event():
    """What is readable is answered readable, what is not in base64."""
    answer = EventAdapter(b"{}", None)(json_response({"a": "张"}))
    plain = Response(200, (("Content-Type", "application/zip"),), b"a")
    binary = EventAdapter(b"{}", None)(plain)

    assert (False, '{"a":"张"}') == (answer["isBase64Encoded"], answer["body"])
    assert binary["isBase64Encoded"] is True


TWO_COOKIES = Response(200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))


def test_two_cookies_survive_in_wsgi():
    """Headers are pairs: neither cookie replaces the other."""
    started = Wsgi()
    WsgiAdapter({}, started)(TWO_COOKIES)

    assert [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")] == started.headers
    assert "200 OK" == started.status


@pytest.mark.parametrize("second", ["Set-Cookie", "set-cookie"])
def test_two_cookies_are_refused_in_an_event(second):
    """FC 3.0's flat map would lose one: that must never pass unseen."""
    response = Response(200, (("Set-Cookie", "a=1"), (second, "b=2")))

    with pytest.raises(ValueError, match="takes each header once"):
        EventAdapter(b"{}", None)(response)
