"""The cookies of a whole sign-in: what a browser is told of each."""

from __future__ import annotations

import ast

import pytest

from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support.client_sign_in import Visit, willing
from tests.support.documentation import sources
from tests.support.gateway_environ import make_environ
from tests.support.handles import login
from tests.support.scripted_wechat import ask, cookie, header, load

LARGEST = 4096
CLOSED = ["HttpOnly", "SameSite=Lax"]
SETUPS = {
    "https": ({}, "__Host-", [], "__Host-", ["Secure"]),
    "http": ({"PUBLIC_BASE_URL": "http://127.0.0.1:8080"}, "", [], "", []),
    "shared": (
        {"COOKIE_DOMAIN": "example.com"},
        "",
        ["Domain=example.com"],
        "__Host-",
        ["Secure"],
    ),
}


def made(gateway, tmp_path, shared_redis, **more):
    """Return a gateway of other settings with the same documents."""
    environ = make_environ(tmp_path, shared_redis.url, **more)
    return Gateway(
        settings_from(environ), clock=gateway.clock, transport=gateway.transport
    )


def attributes(response):
    name_and_value, *rest = header(response, "Set-Cookie").split("; ")
    return name_and_value.partition("=")[0], rest


@pytest.mark.case(113)
@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_every_flag(gateway, wechat, tmp_path, shared_redis, setup):
    """HttpOnly, SameSite, Secure and bound to the host."""
    more, session_prefix, domain, flow_prefix, secure = setup
    willing(wechat)
    visit = Visit(made(gateway, tmp_path, shared_redis, **more))
    begun = visit.get(login, "/", "")
    ended = visit.agree(begun)
    gone = signed_out(visit)

    flow, session = attributes(begun), attributes(ended)
    name = f"{session_prefix}gateway_session"
    assert flow[0].startswith(f"{flow_prefix}flow_")
    assert flow[1] == ["Path=/", "Max-Age=3600", *CLOSED, *secure]
    assert session == (name, ["Path=/", "Max-Age=604800", *domain, *CLOSED, *secure])
    past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    last = ["Path=/", "Max-Age=0", *domain, past, *CLOSED, *secure]
    assert attributes(gone) == (name, last)
    assert cookie(gone) == {name: ""}


def signed_out(visit):
    json = (("accept", "application/json"),)
    seen = login(
        ask(path="/logout", headers=json, cookies=visit.cookies), visit.gateway
    )
    proof = (("x-xsrftoken", load(seen)["_xsrf"]), *json)
    asked = ask("POST", "/logout", headers=proof, cookies=visit.cookies)
    return login(asked, visit.gateway)


@pytest.mark.case(112)
def test_the_longest_session_fits(gateway):
    """A browser drops a cookie of 4 kB; ours is a tenth of it for any name there is."""
    session = gateway.sessions.begin("u" * 128, {"name": "张" * 256}, now=1.0)
    _, line = gateway.sessions.cookie(session, now=gateway.clock())

    assert len(line) < LARGEST / 4


def test_one_place_makes_them():
    """No other module writes the header, so no cookie has other flags."""
    writers = {
        module
        for module, tree in sources("runtime", "functions")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).lower() == "set-cookie"
    }

    assert writers == {"runtime.web.cookies"}
