"""Answers of a handler that FC accepts."""

import pytest

from host.fc.answer import Answer, InvalidResponse, answer_of


def make_handler(body=(b"ok",), status="200 OK", headers=()):
    def handler(environ, start_response):
        start_response(status, list(headers))
        return body

    return handler


class Closable(list):
    closed = False

    def close(self):
        self.closed = True


def generated():
    yield b"a"
    yield "你"


@pytest.mark.parametrize(
    ("body", "bytes_"),
    [
        pytest.param([b"ab"], b"ab", id="list of bytes"),
        pytest.param([b"a", b"b"], b"ab", id="two parts"),
        pytest.param(["你", b"b"], "你b".encode(), id="list of text"),
        pytest.param("你", "你".encode(), id="text"),
        pytest.param(b"ab", b"ab", id="bytes"),
        pytest.param((b"ab",), b"ab", id="tuple"),
        pytest.param([], b"", id="nothing"),
        pytest.param(generated(), "a你".encode(), id="generator"),
    ],
)
def test_a_body_is_collected_whole(body, bytes_):
    """The body is joined, and text is encoded as UTF-8."""
    assert Answer(200, (), bytes_) == answer_of(make_handler(body), {})


@pytest.mark.parametrize(
    "body",
    [None, 3, [None], [b"a", 3], [bytearray(b"a")], object()],
    ids=["None", "int", "list of None", "list with int", "bytearray", "object"],
)
def test_another_body_is_an_error(body):
    """FC's runtime reports an invalid response type."""
    with pytest.raises(InvalidResponse, match="invalid response type"):
        answer_of(make_handler(body), {})


@pytest.mark.parametrize(
    ("status", "code"),
    [("200 OK", 200), ("404", 404), ("418 I'm a teapot", 418), ("599 x", 599)],
)
def test_a_status_needs_no_reason(status, code):
    """Only the number of a status is used."""
    assert code == answer_of(make_handler(status=status), {}).status


@pytest.mark.parametrize("status", ["", "OK", "0", "99 x", "600 x", "-200", "²00", 7])
def test_another_status_is_an_error(status):
    """A status that no HTTP client understands is refused."""
    with pytest.raises(InvalidResponse, match="status"):
        answer_of(make_handler(status=status), {})


def test_a_silent_handler_is_an_error():
    """Without start_response FC's answer is undefined, so here it is an error."""
    with pytest.raises(InvalidResponse, match="never called"):
        answer_of(lambda environ, start_response: [b""], {})


def test_the_last_start_wins():
    """The last call of start_response counts, as on FC."""

    def handler(environ, start_response):
        start_response("200 OK", [("A", "1")])
        start_response("500 No", [("B", "2")])
        return [b""]

    assert Answer(500, (("B", "2"),)) == answer_of(handler, {})


def test_what_is_written_comes_first():
    """Data of WSGI's write() is sent before the returned body."""

    def handler(environ, start_response):
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    assert b"abc" == answer_of(handler, {}).body


def test_two_cookies_are_one_too_many():
    """FC 3.0 takes a map of headers, so a laptop refuses what would fail there."""
    cookies = [("Set-Cookie", "a=1"), ("set-cookie", "b=2")]

    with pytest.raises(InvalidResponse, match="one cookie"):
        answer_of(make_handler(headers=cookies), {})
    kept = answer_of(make_handler(headers=cookies), {}, fc_limits=False).headers
    assert 2 == len(kept)


def test_close_is_never_called():
    """As on FC, close() of the result is not called."""
    body = Closable([b"a"])
    answer_of(make_handler(body), {})

    assert not body.closed


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        pytest.param(
            [("Link", "a"), ("B", "b"), ("Link", "c")],
            (("Link", "a"), ("Link", "c"), ("B", "b")),
            id="repeated",
        ),
        pytest.param([("X-A", "1"), ("x-a", "2")], (("X-A", "1"), ("x-a", "2"))),
        pytest.param([("A", "a\tb")], (("A", "a\tb"),), id="tab"),
        pytest.param([("Connection", "close")], (), id="connection"),
        pytest.param([("content-length", "9")], (), id="length"),
        pytest.param([("DATE", "x")], (), id="date"),
        pytest.param([("Keep-Alive", "x")], (), id="keep-alive"),
        pytest.param([("Server", "x")], (), id="server"),
        pytest.param([("x-fc-anything", "x")], (), id="x-fc"),
        pytest.param([("A", "你")], (), id="not ASCII"),
        pytest.param(
            [("Content-Disposition", "attachment; filename=a")], (), id="attachment"
        ),
        pytest.param([("content-disposition", " Attachment ;a=b")], (), id="case"),
        pytest.param(
            [("Content-Disposition", "inline")], (("Content-Disposition", "inline"),)
        ),
    ],
)
def test_headers_go_out_as_fc_lets_them(headers, kept):
    """Names keep their case, repeated headers stay apart, FC's own are dropped."""
    assert kept == answer_of(make_handler(headers=headers), {}).headers


@pytest.mark.parametrize(
    "pair",
    [("A", b"b"), (b"A", "b"), ("A", 3), ("A", None), ("A", "b\r\nC: d"), ("A\n", "b")],
)
def test_another_header_is_an_error(pair):
    """A header that FC's JSON cannot carry is an error."""
    with pytest.raises(InvalidResponse, match="header"):
        answer_of(make_handler(headers=[pair]), {})
