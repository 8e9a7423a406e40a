"""Answers of a running host, over real sockets."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.support.local_hosts import SITE, LocalHost, eventually

PROXY = "/2016-08-15/proxy/site"


def raw(site, text):
    """Send bytes as they are and return all that comes back."""
    address = urlsplit(site.url)
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(text)
        parts = iter(lambda: connection.recv(65536), b"")
        return b"".join(parts)


def error_of(answer):
    return (answer.status, answer.headers["X-Fc-Error-Type"], answer.json())


def test_the_environ_is_the_requests(site):
    """On the custom domain a function gets the whole path, not decoded."""
    text = (
        b"GET /echo/%E4%BD%A0?q=%20&q=2 HTTP/1.1\r\nHost: here\r\nX-A: 1\r\nX-A: 2\r\n"
        b"X_A: 3\r\n"
        b"Cookie: a=1\r\nCookie: b=2\r\nX-Fc-Region: mine\r\nConnection: close\r\n\r\n"
    )
    environ = json.loads(raw(site, text).partition(b"\r\n\r\n")[2])

    assert {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/echo/%E4%BD%A0",
        "QUERY_STRING": "q=%20&q=2",
        "fc.request_uri": "/echo/%E4%BD%A0?q=%20&q=2",
        "HTTP_HOST": "here",
        "HTTP_X_A": "1,2",
        "HTTP_COOKIE": "a=1,b=2",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": "0",
        "LOGIN_CLIENT": "demo",
    }.items() <= environ.items()
    assert not {"HTTP_X_FC_REGION", "HTTP_CONNECTION"} & set(environ)


def test_the_default_form_tells_less_of_the_path(site):
    """In the default form the prefix is removed and the answer is a download."""
    by_domain = site.get("/echo/x?a=1")
    by_default = site.get(f"{PROXY}/echo/echo/x?a=1")
    differing = {
        name
        for name, value in by_domain.json().items()
        if value != by_default.json()[name]
    }

    assert {"fc.request_uri", "request_id"} == differing
    assert f"{PROXY}/echo/echo/x?a=1" == by_default.json()["fc.request_uri"]
    assert (None, "attachment") == (
        by_domain.headers.get("Content-Disposition"),
        by_default.headers.get("Content-Disposition"),
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "DomainRouteNotFound"),
        ("GET", f"{PROXY}/nothing/x", 404, "DomainRouteNotFound"),
        ("PUT", "/echo", 405, "MethodNotAllowed"),
        ("HEAD", "/answers/tag", 405, "MethodNotAllowed"),
        ("OPTIONS", "/echo", 405, "MethodNotAllowed"),
    ],
)
def test_what_no_trigger_takes_never_reaches_a_function(
    site, method, path, status, code
):
    """HEAD and OPTIONS too need a trigger that names them."""
    answer = site.request(method, path)

    assert (status, "FcCommonError") == (
        answer.status,
        answer.headers["X-Fc-Error-Type"],
    )
    assert method == "HEAD" or code == answer.json()["ErrorCode"]


def test_a_head_request_is_passed_on(site):
    """The function answers HEAD if its trigger names it, without a body."""
    answer = site.request("HEAD", "/echo")

    assert (200, b"", True) == (
        answer.status,
        answer.data,
        int(answer.headers["Content-Length"]) > 0,
    )


def test_a_method_nobody_knows_is_refused(site):
    """An unknown method is refused in FC's form."""
    answer = site.request("BREW", "/echo")

    assert error_of(answer)[:2] == (405, "FcCommonError")


def test_two_cookies_stay_two(tmp_path):
    """Two Set-Cookie headers are not joined; FC 3.0 would take only one."""
    options = ("--port=0", f"--template={SITE}", "--fc_limits=false")
    with LocalHost(tmp_path, *options) as host:
        answer = host.get("/answers/cookies")

    assert ["a=1", "b=2"] == answer.headers.getlist("Set-Cookie")


def test_what_fc_sets_itself_is_dropped(site):
    """Headers that FC sets itself are dropped here as well."""
    answer = site.get("/answers/reserved")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers.pop("date")
    request_id = headers.pop("x-fc-request-id")

    assert {"content-length": "8", "x-kept": "kept"} == headers
    assert "mine" != request_id


def test_nothing_is_added_to_an_answer(site):
    """The host adds no ETag and no Server header."""
    first = site.get("/answers/tag")
    second = site.get("/answers/tag", If_None_Match="*", **{"If-None-Match": "*"})

    assert (200, b"plain") == (second.status, second.data)
    assert {"Content-Type", "Content-Length", "Date", "X-Fc-Request-Id"} == set(
        first.headers
    )


def test_no_content_has_none(site):
    """204 has no body and no Content-Length."""
    answer = site.get("/answers/no_content")

    assert (204, b"", None) == (
        answer.status,
        answer.data,
        answer.headers.get("Content-Length"),
    )


def test_every_call_has_an_id_of_its_own(site):
    """The caller and the function get the same request id."""
    answers = [site.get("/echo"), site.get("/echo")]
    told = [answer.json()["request_id"] for answer in answers]

    assert told == [answer.headers["X-Fc-Request-Id"] for answer in answers]
    assert told[0] != told[1]


@pytest.mark.parametrize(
    ("path", "error_type"),
    [
        ("/answers/fails", "ValueError"),
        ("/answers/leaves", "SystemExit"),
        ("/answers/silent", "InvalidResponse"),
        ("/answers/too_large", "InvalidResponse"),
        ("/answers/hangs", "FunctionTimedOut"),
        ("/answers/no_such_answer", "KeyError"),
        ("/broken", "ImportModuleError"),
    ],
)
def test_a_failed_call_shows_the_caller_nothing(site, path, error_type):
    """Text and stack of an exception go only to the log."""
    answer = site.get(path)
    request_id = answer.headers["X-Fc-Request-Id"]

    assert (502, "UnhandledInvocationError", error_type) == (
        answer.status,
        answer.headers["X-Fc-Error-Type"],
        answer.json()["errorType"],
    )
    assert not {b"Traceback", b"the-secret", b"index.py"} & set(answer.data.split())
    assert request_id in site.log()


def test_the_log_has_the_stack(site):
    """The log has the stack of a failed call."""
    request_id = site.get("/answers/fails").headers["X-Fc-Request-Id"]
    entry = site.log().partition(request_id)[2]

    assert "the-secret-in-the-text" in entry.partition("ValueError: ")[2]


def test_the_access_log_has_no_secrets(site):
    """One line per request: method, path, names of the query, status, time, id."""
    answer = site.get("/echo/logged?lang=en&code=S3CRET&S3CRET")
    request_id = answer.headers["X-Fc-Request-Id"]
    eventually(lambda: request_id in site.log())
    line = next(line for line in site.log().splitlines() if request_id in line)
    words = line.partition("] ")[2].split()

    assert ["GET", "/echo/logged?lang=en&code=***&***", "200"] == words[:3]
    assert (True, request_id, "echo") == (words[3].endswith("ms"), words[4], words[5])
    assert "S3CRET" not in site.log()


def test_a_refusal_leaves_the_connection_open(site):
    """The next request on the connection is answered."""
    one = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    two = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = raw(site, one + two)

    assert [b"404", b"200"] == [
        part.split()[0] for part in answer.split(b"HTTP/1.1 ")[1:]
    ]


def test_calls_run_side_by_side(site):
    """A waiting call does not block another one."""
    address = urlsplit(site.url)
    with socket.create_connection((address.hostname, address.port), 10) as waiting:
        waiting.sendall(b"GET /answers/slow?0.9 HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = site.get("/answers/tag")
        waiting.settimeout(0)
        with pytest.raises(BlockingIOError):
            waiting.recv(1)

    assert b"plain" == answer.data


@pytest.mark.parametrize("word", ["100-continue", "100-Continue", "100-CONTINUE"])
def test_who_waits_for_a_word_before_the_body_gets_it(site, word):
    """`Expect` in any case: HTTP clients of .NET, PHP and Java write it differently."""
    address = urlsplit(site.url)
    head = (
        f"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: {word}\r\n"
        "Content-Length: 5\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(head.encode())
        word_back = connection.recv(65536)
        connection.sendall(b"12345")
        told = b"".join(iter(lambda: connection.recv(65536), b""))

    assert word_back.startswith(b"HTTP/1.1 100 ")
    assert told.startswith(b"HTTP/1.1 200 ")
