"""Requests and responses: what stands in them is read one way only."""

from __future__ import annotations

import pytest

from runtime.errors import BadRequest
from runtime.web.messages import Request, Response, json_response, redirect, single


def make_request(*, query="", headers=(), body=b""):
    return Request("POST", "/", query, tuple(headers), body)


def test_header():
    """The first header of a name counts; an absent one is None."""
    request = make_request(headers=[("a", "1"), ("a", "2")])

    assert "1" == request.header("a")
    assert request.header("b") is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1,b=2; c=3", {"a": "1,b=2", "c": "3"}),
        ("a=1;\tb=2 ; \xa0c=3", {"a": "1", "b": "2", "\xa0c": "3"}),
        ("\u2000a=1", {"\u2000a": "1"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="1"', {"a": "1"}),
        ("a=", {"a": ""}),
        ("a=b=c==", {"a": "b=c=="}),
        ("a; =b; ;", {"": "b"}),
        ("", {}),
    ],
)
def test_cookies(line, expected):
    """They are read as the browser wrote them; of two the first wins."""
    assert expected == make_request(headers=[("cookie", line)]).cookies


def test_no_cookies():
    """Without the header there are none."""
    assert {} == make_request().cookies


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ()),
        ("a=1&b=2&a=3", (("a", "1"), ("b", "2"), ("a", "3"))),
        ("a=&b", (("a", ""), ("b", ""))),
        ("a=%E5%BC%A0+x%2B", (("a", "张 x+"),)),
        ("a=1;b=2", (("a", "1;b=2"),)),
    ],
)
def test_arguments(query, expected):
    """The query's pairs come decoded and in order, and so do a form's."""
    assert expected == make_request(query=query).arguments
    assert expected == make_request(body=query.encode()).form


MALFORMED = [
    *("a=%ff", "a=%E5%BC", "%ff=a", "&".join(["a=1"] * 101)),
    *("a=%00", "%00=a", "a=b%00c", "a=\0", "a=%C0%AF", "a=%E0%80%AF", "a=%ED%A0%80"),
]


@pytest.mark.case(119)
@pytest.mark.parametrize("query", MALFORMED)
def test_malformed_arguments(query):
    """What is not UTF-8, holds a NUL, or is far too much, is a bad request."""
    with pytest.raises(BadRequest):
        _ = make_request(query=query).arguments
    with pytest.raises(BadRequest):
        _ = make_request(body=query.encode()).form


def test_a_form_is_ascii():
    """An urlencoded body has no other bytes."""
    with pytest.raises(BadRequest):
        _ = make_request(body="a=张".encode()).form


def test_one_argument():
    """A name that may come once is refused when it comes twice, even if alike."""
    request = make_request(query="a=1&b=2&b=2")

    assert "1" == request.argument("a")
    assert request.argument("c") is None
    with pytest.raises(BadRequest):
        request.argument("b")
    with pytest.raises(BadRequest):
        single(request.arguments, "b")


def test_of_a_repeated_argument_the_first_counts():
    """Where WeChat's own paths are answered: WeChat takes the first."""
    request = Request("GET", "/", query="a=1&b=&a=2&b=3")

    assert {"a": "1", "b": ""} == request.first_arguments


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("application/json", "application/json"),
        ("Application/JSON ; charset=utf-8", "application/json"),
        ("text/plain, application/json", "text/plain, application/json"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_media_type_of_a_body(value, expected):
    """Compared in lower case and without parameters (RFC 9110, 8.3.1)."""
    headers = () if value is None else (("content-type", value),)

    assert expected == Request("POST", "/", headers=headers).media_type


def test_json():
    """A JSON body is read as UTF-8."""
    assert {"a": ["张"]} == make_request(body='{"a": ["张"]}'.encode()).json()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", '{"a": "张"}'.encode("gbk"), b"[" * 100_000]
)
def test_malformed_json(body):
    """Anything else is a bad request, however deep it is nested."""
    with pytest.raises(BadRequest):
        make_request(body=body).json()


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/json", False),
        ("*/*", False),
        (None, False),
    ],
)
def test_accepts_html(accept, expected):
    """Only a caller that names HTML counts as a browser."""
    headers = [] if accept is None else [("accept", accept)]

    assert expected == make_request(headers=headers).accepts_html()


def test_json_response():
    """JSON goes out compact, in UTF-8, and no cache keeps it."""
    expected = Response(
        201,
        (
            ("Content-Type", "application/json; charset=utf-8"),
            ("Cache-Control", "no-store"),
        ),
        '{"a":"张"}'.encode(),
    )

    assert expected == json_response({"a": "张"}, status=201)


@pytest.mark.case(30, 31)
def test_redirect():
    """A redirect is a 303 that no cache keeps and that sends no referrer."""
    expected = Response(
        303,
        (
            ("Location", "/a"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
        ),
    )

    assert expected == redirect("/a")


def test_headers_are_added():
    """Headers are pairs: adding a second of a name keeps the first."""
    response = Response(headers=(("Set-Cookie", "a=1"),))

    more = response.with_headers(("Set-Cookie", "b=2"))
    assert (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")) == more.headers
    assert (("Set-Cookie", "a=1"),) == response.headers


def test_repr_keeps_the_body_to_itself():
    """A printed response shows no body, which may hold a token."""
    assert "hush" not in repr(Response(body=b"hush"))
