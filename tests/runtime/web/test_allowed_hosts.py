"""Allowed hosts: which requests are answered if the deployer has listed hosts."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from runtime.entry.dialects import web_dialect, wechat_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.errors import MisdirectedRequest
from runtime.web.allowed_hosts import check_host
from runtime.web.messages import Request, Response
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.one_view import one_view

LIST = ("gateway.example.com", "127.0.0.1", "::1")


def check(host, allowed=LIST):
    headers = () if host is None else (("host", host),)
    check_host(Request("GET", "/", headers=headers), allowed)


@pytest.mark.case(114)
@pytest.mark.parametrize(
    "host",
    [
        "gateway.example.com",
        "gateway.example.com:443",
        "GATEWAY.Example.com",
        "127.0.0.1:8080",
        "[::1]:8080",
        "[::1]",
    ],
)
def test_a_listed_host(host):
    """With whatever port, in whatever case."""
    check(host)


@pytest.mark.case(114)
@pytest.mark.parametrize(
    "host",
    [
        *(None, "", "evil.example.com", "gateway.example.com.evil.example.com"),
        *("evil.gateway.example.com", "gateway.example.com,evil.example.com"),
        *("gateway.example.com@evil.example.com", "evil@gateway.example.com"),
        *("gateway.example.com/", "gateway.example.com:x", "gateway.example.com:"),
        *("gateway.example.com ", "gateway.example.com.", "[127.0.0.1]", "[::1"),
        *("gateway.example.com\r\nx: y", "gateway。example.com", "a" * 9000),
    ],
)
def test_any_other(host):
    """421, and so is none at all; without a list any will do."""
    with pytest.raises(MisdirectedRequest):
        check(host)

    check(host, allowed=())


@pytest.mark.case(114)
def test_every_function_checks():
    """Before its view, in both forms of call; said in the function's dialect."""
    settings = SimpleNamespace(secure=True, development=False, allowed_hosts=LIST)
    seen = []

    def view(request, gateway):
        seen.append(request)
        return Response()

    def handler(dialect):
        return entrypoint(
            one_view(view),
            mount="/x",
            dialect=dialect,
            gateway=lambda: SimpleNamespace(settings=settings),
        )

    evil, good = [("Host", "evil.example.com")], [("Host", LIST[0])]
    web, wechat = handler(web_dialect), handler(wechat_dialect)

    assert 421 == call_wsgi(web, make_environ_fc(headers=evil))[0]
    assert 421 == call_event(web, make_event_fc(headers=evil))[0]
    told = call_wsgi(wechat, make_environ_fc(headers=evil))
    assert (200, 40066) == (told[0], json.loads(told[2])["errcode"])
    assert [] == seen
    assert 200 == call_wsgi(web, make_environ_fc(headers=good))[0]
    assert 200 == call_event(web, make_event_fc(headers=good))[0]
