"""Raw sockets on both sides of the local host: it stays up and leaks no secret."""

from __future__ import annotations

import gzip
import json
import re
from contextlib import ExitStack

import pytest

from tests.end_to_end.raw_host import OK, REAL, USERS, get
from tests.support.raw_server import close, make_answer, send_and_close

BODY = 32 * 1024 * 1024
LARGEST = 6 * 1024 * 1024


@pytest.fixture(autouse=True)
def _survives(raw_host):
    """Each test is followed by a good request to the same process."""
    yield
    raw_host.check_well()


# {} stands for a good gateway token.
REQUESTS = {
    "absolute": get(f"http://evil.example.com{USERS}?access_token={{}}"),
    "other host": get(f"//evil.example.com{USERS}?access_token={{}}"),
    "host and path": get(f"/@evil.example.com{USERS}?access_token={{}}"),
    "dots": get("/cgi-bin/../sns/userinfo?access_token={}"),
    "encoded dots": get("/cgi-bin/%2e%2e/sns/userinfo?access_token={}"),
    "encoded slash": get("/cgi-bin%2fuser/get?access_token={}"),
    "mount and dots": get("/wechat_api/../cgi-bin/user/get?access_token={}"),
    "backslash": get("/cgi-bin\\user\\get?access_token={}"),
    "control": get("/cgi-bin/\x01\x1b[31m?access_token={}"),
    "nul": get("/cgi-bin/\x00?access_token={}"),
    "8 kB": get(f"/cgi-bin/{'a' * 8192}?access_token={{}}"),
    "8 kB of query": get(f"{USERS}?access_token={{}}&a={'a' * 8192}"),
    "twice": get(f"{USERS}?access_token={{}}&access_token={{}}"),
    "twice, encoded": get(f"{USERS}?access_token={{}}&%61ccess_token={{}}"),
    "control in query": get(f"{USERS}?access_token={{}}&a=\x01"),
    "latin-1 in query": get(f"{USERS}?access_token={{}}&a=é"),
    "CONNECT": "CONNECT evil.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE": get(USERS, method="TRACE"),
    "asterisk": get("*", method="OPTIONS"),
    "no HTTP": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no version": f"GET {USERS}\r\n\r\n",
    "bare CR": get(f"{USERS}?access_token={{}}", "X-A: 1\rX-B: 2"),
    "name with a blank": get(f"{USERS}?access_token={{}}", "X A : 1"),
    "NUL in a value": get(f"{USERS}?access_token={{}}", "Content-Type: a\x00b"),
    "headers of 70 kB": get(f"{USERS}?access_token={{}}", "X-A: " + "a" * 70_000),
    "headers of 9 kB": get(f"{USERS}?access_token={{}}", "X-A: " + "a" * 9_000),
    "two lengths": get(
        f"{USERS}?access_token={{}}", "Content-Length: 1", "Content-Length: 2"
    )
    + "ab",
    "length and chunks": get(
        f"{USERS}?access_token={{}}", "Content-Length: 9", "Transfer-Encoding: chunked"
    )
    + "0\r\n\r\n",
    "length below zero": get(f"{USERS}?access_token={{}}", "Content-Length: -1"),
    "length too great": get(f"{USERS}?access_token={{}}", "Content-Length: 9") + "ab",
    "length beyond measure": get(
        f"{USERS}?access_token={{}}", "Content-Length: " + "9" * 30
    ),
    "chunk that is none": get(
        f"{USERS}?access_token={{}}", "Transfer-Encoding: chunked"
    )
    + "zz\r\nab\r\n",
}


@pytest.mark.case(118, 119, 120)
@pytest.mark.parametrize("text", REQUESTS.values(), ids=REQUESTS)
def test_an_ill_request_reaches_nobody(raw_host, text):
    """It is refused or hung up on; WeChat sees nothing of it."""
    before = raw_host.reached()
    request = text.replace("{}", raw_host.token).encode("latin-1")
    answer = raw_host.ask(request, seconds=1.0)

    raw_host.check_silent(answer)
    assert before == raw_host.reached()
    assert not re.match(rb"HTTP/1.[01] 5", answer)
    assert b'"errcode":0' not in answer


def test_a_request_behind_a_request(raw_host):
    """What a length hides is a body, and what follows it a request by itself."""
    hidden = get(f"/cgi-bin/menu/delete?access_token={raw_host.token}")
    target = f"/cgi-bin/menu/create?access_token={raw_host.token}"
    length = f"Content-Length: {len(hidden)}"
    raw_host.ask((get(target, length, method="POST") + hidden).encode())
    _, body = raw_host.wechat.requests[-1]

    assert raw_host.reached()[-1].startswith("POST /cgi-bin/menu/create?")
    assert hidden.encode() == body


@pytest.mark.case(114)
def test_a_callers_headers_stay_here(raw_host):
    """Host, forwarding and cookies are not passed on, nor believed."""
    evil = "evil.example.com"
    names = ("X-Forwarded-Host", "Forwarded", "Cookie", "Referer", "Via")
    raw_host.call(*(f"{name}: {evil}" for name in names))
    sent, _ = raw_host.wechat.requests[-1]
    answer = raw_host.ask(get("/login?next=/", f"X-Forwarded-Host: {evil}").encode())

    assert evil not in sent
    assert evil.encode() not in answer


@pytest.mark.parametrize("size", [0, 1, BODY])
def test_a_body_goes_up_whole(raw_host, size):
    """To the last byte of 32 MB."""
    target = f"/cgi-bin/media/upload?access_token={raw_host.token}"
    head = get(target, f"Content-Length: {size}", method="POST")
    answer = raw_host.ask(head.encode() + b"x" * size)

    assert b'"errcode":0' in answer
    assert size == len(raw_host.wechat.requests.pop()[1])


def test_a_body_beyond_goes_nowhere(raw_host):
    """A byte more is refused as FC refuses it."""
    before = raw_host.reached()
    target = f"/cgi-bin/media/upload?access_token={raw_host.token}"
    head = get(target, f"Content-Length: {BODY + 1}", method="POST")
    answer = raw_host.ask(head.encode() + b"x" * (BODY + 1))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"InvalidArgument" in answer
    assert before == raw_host.reached()


def test_callers_that_never_finish(raw_host):
    """A hundred half requests keep nobody else waiting."""
    half = get(f"{USERS}?access_token={raw_host.token}", "Content-Length: 9") + "ab"
    with ExitStack() as stack:
        for number in range(100):
            connection = stack.enter_context(raw_host.connect())
            connection.sendall(half[: len(half) - number % 7 * 10].encode())

        raw_host.check_well()


def endless(connection):
    """Answer for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


BOMB = gzip.compress(bytes(LARGEST))
ZIPPED = make_answer(BOMB, headers=("Content-Encoding: gzip",))
ANSWERS = {
    "nothing": (close, 502),
    "cut head": (send_and_close(b"HTTP/1.1 200 OK\r\nContent-Type: a"), 502),
    "cut body": (send_and_close(OK[:-3]), 502),
    "early hints": (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, 502),
    "odd status": (make_answer(status="799 Odd"), 502),
    "no HTTP": (send_and_close(b"220 smtp.example.com ESMTP\r\n"), 502),
    "many headers": (make_answer(headers=("X-A: 1",) * 200), 502),
    "long header": (make_answer(headers=("X-A: " + "1" * 70_000,)), 502),
    "too large": (make_answer(bytes(LARGEST + 1)), 502),
    "endless": (endless, 502),
    "bomb": (ZIPPED, 200),
    "folded": (make_answer(headers=("Content-Type: a\r\n Set-Cookie: a=b",)), 502),
    "bare CR": (make_answer(headers=("Content-Type: a\rSet-Cookie: a=b",)), 502),
    "cookie": (make_answer(headers=("Set-Cookie: a=b", "X-Fc-Request-Id: 1")), 200),
    "elsewhere": (
        make_answer(status="302 Found", headers=("Location: http://127.0.0.1:1/",)),
        302,
    ),
}


@pytest.mark.parametrize(("answer", "status"), ANSWERS.values(), ids=ANSWERS)
def test_an_ill_answer_is_an_error_or_harmless(raw_host, answer, status):
    """A clear one in WeChat's shape; what can be passed on, without its headers."""
    raw_host.wechat.answers[-1:] = [answer]
    got = raw_host.call()
    head, _, body = got.partition(b"\r\n\r\n")

    raw_host.check_silent(got)
    assert f"HTTP/1.1 {status} ".encode() == head[:13]
    assert b"Set-Cookie" not in head
    assert b"Location" not in head
    if status == 502:
        code = 45001 if b"answer_too_large" in head else -1
        assert code == json.loads(body)["errcode"]


def test_a_bomb_is_opened_as_far_as_an_answer_goes(raw_host):
    """No coding hides the real token; a larger one is refused like any large answer."""
    raw_host.wechat.answers[-1:] = [ZIPPED]
    head, _, body = raw_host.call().partition(b"\r\n\r\n")

    assert body == bytes(LARGEST)
    assert b"Content-Encoding" not in head
    shown = gzip.compress(b'{"url":"/a?access_token=%s"}' % REAL.encode())
    for hidden, code in ((gzip.compress(bytes(LARGEST + 1)), 45001), (shown, 48001)):
        answer = make_answer(hidden, headers=("Content-Encoding: gzip",))
        raw_host.wechat.answers[-1:] = [answer]
        told = raw_host.call()
        raw_host.check_silent(told)
        assert code == json.loads(told.partition(b"\r\n\r\n")[2])["errcode"]
