"""The entrypoint: whatever happens, FC gets an answer and the caller no stack."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest

from runtime.entry.dialects import ErrorInDialect, web_dialect, wechat_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.errors import (
    ApiRefused,
    BadRequest,
    FlowExpired,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
)
from runtime.gateway import Gateway
from runtime.settings import SettingsError
from runtime.web.messages import HSTS, NOSNIFF, Response, json_response
from tests.support.fc_calls import (
    REQUEST_ID,
    call_event,
    call_wsgi,
    make_environ_fc,
    make_event_fc,
)
from tests.support.one_view import one_view

GATEWAY = SimpleNamespace(
    settings=SimpleNamespace(secure=True, development=False, allowed_hosts=())
)
HUSH = "s3cr3t-of-an-app"


def make_handler(handle, *, mount="/login", dialect=web_dialect, gateway=None):
    return entrypoint(
        one_view(handle),
        mount=mount,
        dialect=dialect,
        gateway=gateway or (lambda: GATEWAY),
    )


def echo(request, gateway):
    """Answer what the function was told."""
    return json_response([request.method, request.path, request.query])


def raising(error):
    def handle(request, gateway):
        raise error

    return handle


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/login", "/"),
        ("/login/", "/"),
        ("/login/me", "/me"),
        ("/me", "/me"),
        ("/", "/"),
        ("", "/"),
        ("/loginx", "/loginx"),
        ("/login/login", "/login"),
        ("/LOGIN/me", "/LOGIN/me"),
        ("//login/me", "//login/me"),
    ],
)
def test_with_and_without_the_mount(path, expected):
    """A custom domain gives the whole path, FC's own URL does not: both work."""
    handler = make_handler(echo)

    by_wsgi = call_wsgi(handler, make_environ_fc(path=path))
    by_event = call_event(handler, make_event_fc(path=path))
    assert ["GET", expected, ""] == json.loads(by_wsgi[2])
    assert by_wsgi == by_event


def test_head_is_get_without_a_body():
    """HEAD gets GET's status and headers, and no body."""
    handler = make_handler(echo)
    get = call_wsgi(handler, make_environ_fc(method="GET"))

    assert (get[0], get[1], b"") == call_wsgi(handler, make_environ_fc(method="HEAD"))


@pytest.mark.parametrize("error", [NotFound(), MethodNotAllowed("POST"), KeyError()])
def test_head_has_no_body_in_an_error_either(error):
    """An error answers HEAD with GET's status and no body."""
    handler = make_handler(raising(error))
    status, headers, body = call_wsgi(handler, make_environ_fc(method="GET"))

    expected = (status, headers, b"")
    assert body
    assert expected == call_wsgi(handler, make_environ_fc(method="HEAD"))


@pytest.mark.parametrize(
    ("error", "status", "errcode"),
    [
        (BadRequest(), 400, 47001),
        (NotFound(), 404, 40066),
        (MethodNotAllowed("GET", "POST"), 405, 43001),
        (MethodNotAllowed("POST"), 405, 43002),
        (PayloadTooLarge(), 413, 45001),
        (FlowExpired(), 400, -1),
        (ApiRefused(40125, "invalid_client_secret"), 401, 40125),
        (WeChatRefused(45009, "reach max"), 502, 45009),
        (WeChatTimeout(), 504, -1),
        (ServiceUnavailable(), 503, -1),
        (RuntimeError(HUSH), 500, -1),
        (KeyError(HUSH), 500, -1),
        (RecursionError(HUSH), 500, -1),
        (SettingsError("MASTER_KEYS is missing"), 500, -1),
    ],
)
def test_an_error_becomes_an_answer(error, status, errcode):
    """A known error has its own status and code, an unknown one is a bare 500; on
    WeChat's paths all but our own faults are 200."""
    by_web = make_handler(raising(error))
    by_wechat = make_handler(raising(error), dialect=wechat_dialect)
    refused = status < 500 or isinstance(error, WeChatRefused)

    web, wechat = (call_wsgi(each, make_environ_fc()) for each in (by_web, by_wechat))
    assert status == web[0] == call_event(by_web, make_event_fc())[0]
    assert (200 if refused else status) == wechat[0]
    assert errcode == json.loads(wechat[2])["errcode"]
    assert REQUEST_ID == json.loads(web[2])["request_id"]
    assert not any(word in web[2] + wechat[2] for word in (b"Trace", HUSH.encode()))


def test_an_unknown_error_is_logged_with_its_stack(caplog):
    """The log has the stack under the request id, once."""
    handler = make_handler(raising(RuntimeError("broken")))
    call_wsgi(handler, make_environ_fc())

    (record,) = caplog.records
    assert logging.ERROR == record.levelno
    assert f"{REQUEST_ID} /login failed" == record.getMessage()
    assert "RuntimeError: broken" in caplog.text


def test_a_known_error_is_one_line(caplog):
    """A refusal is no fault: one line with the request id and the code."""
    caplog.set_level(logging.INFO)
    call_wsgi(make_handler(raising(FlowExpired())), make_environ_fc())

    (record,) = caplog.records
    assert f"{REQUEST_ID} /login: flow_expired" == record.getMessage()
    assert record.exc_info is None


def test_an_error_that_cannot_be_said(caplog):
    """Even rendering an error page may fail: then the answer is a plain status."""

    def broken(request, error, *, https):
        raise RuntimeError("no template")

    handler = make_handler(raising(NotFound()), dialect=broken)

    assert (404, [NOSNIFF, HSTS], b"") == call_wsgi(handler, make_environ_fc())
    assert "no template" in caplog.text


@pytest.mark.parametrize("https", [True, False])
def test_what_every_answer_carries(settings, https):
    """Every answer has nosniff, by https HSTS as well, and each only once."""
    base = "https://gateway.example.com" if https else "http://127.0.0.1:8080"
    wired = Gateway(replace(settings, public_base_url=base))
    given = Response(200, (NOSNIFF,))
    handler = entrypoint(
        one_view(lambda request, gateway: given),
        mount="/login",
        dialect=web_dialect,
        gateway=lambda: wired,
    )

    expected = [NOSNIFF, HSTS] if https else [NOSNIFF]
    assert expected == call_wsgi(handler, make_environ_fc())[1]


def test_an_answer_that_the_platform_cannot_carry():
    """Two cookies in FC 3.0's form are a bug of ours: a 500, not half an answer."""
    two = Response(200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))
    handler = make_handler(lambda request, gateway: two)

    status, headers, _ = call_event(handler, make_event_fc())
    assert status == 500
    assert "Set-Cookie" not in dict(headers)
    assert 200 == call_wsgi(handler, make_environ_fc())[0]


def test_the_gateway_is_wanted_late():
    """Making a handler builds no gateway; each call asks for the current one."""
    asked = []

    def gateway():
        asked.append(1)
        return GATEWAY

    handler = make_handler(echo, gateway=gateway)

    assert [] == asked
    call_wsgi(handler, make_environ_fc())
    assert [1] == asked


def test_a_gateway_that_cannot_be_made(caplog):
    """The log names the missing setting, the answer does not."""

    def gateway():
        raise SettingsError("MASTER_KEYS is missing")

    status, _, body = call_wsgi(make_handler(echo, gateway=gateway), make_environ_fc())
    assert status == 500
    assert b"MASTER_KEYS" not in body
    assert "MASTER_KEYS is missing" in caplog.text


def test_an_exit_is_no_error():
    """Only errors are caught: what ends the process ends it."""
    with pytest.raises(SystemExit):
        call_wsgi(make_handler(raising(SystemExit())), make_environ_fc())


def test_a_handler_over_another_gateway():
    """It is the same function; the handler that FC calls keeps its own gateway."""
    other = SimpleNamespace(
        settings=SimpleNamespace(secure=True, development=False, allowed_hosts=("x",))
    )
    handler = make_handler(echo)

    assert 421 == call_wsgi(handler.with_gateway(other), make_environ_fc())[0]
    assert 200 == call_wsgi(handler, make_environ_fc())[0]


def test_a_view_may_choose_another_dialect(caplog):
    """The error is logged by its own code, as any other."""
    caplog.set_level(logging.INFO)
    chosen = ErrorInDialect(NotFound(), wechat_dialect)
    status, _, body = call_wsgi(make_handler(raising(chosen)), make_environ_fc())

    assert (200, 40066) == (status, json.loads(body)["errcode"])
    assert f"{REQUEST_ID} /login: not_found" in caplog.text
