"""Sessions: the bytes of their cookie, and the header that deletes it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from runtime.sign_in.sessions import PAGE_QR, WEB_VIEW, Session, Sessions
from runtime.sign_in.sign_outs import SignOuts
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.web.messages import Request

NOW = 1_800_000_000
SESSION = Session("u-1", "s-1", NOW - 5, app="wx1")
STORED = b'{"v":1,"sub":"u-1","sid":"s-1","at":1799999995,"amr":"wechat","app":"wx1"}'


@pytest.fixture
def sessions(redis_server):
    store = RedisStore(lambda: connect(redis_server.url))
    return Sessions(
        store,
        keys={1: b"secret-1"},
        secure=True,
        seconds=3600,
        sign_outs=SignOuts(store, seconds=3600),
    )


def test_the_cookie_has_these_bytes(sessions):
    """Services of the same domain read it: names, order and spaces are a contract."""
    name, line = sessions.cookie(SESSION, now=NOW)
    value, *flags = line.split("; ")
    content = base64.b64decode(value.split("|")[4].partition(":")[2])

    assert ("Set-Cookie", STORED) == (name, content)
    assert ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax", "Secure"] == flags


@pytest.mark.case(149)
@pytest.mark.parametrize("way", [PAGE_QR, WEB_VIEW])
def test_a_weaker_way_is_in_the_signed_value(sessions, way):
    """No console opens by it, and whoever takes the mark out breaks the signature."""
    marked = replace(SESSION, way=way)
    pair = sessions.cookie(marked, now=NOW)[1].partition(";")[0]
    found = sessions.of(Request("GET", "/", headers=(("cookie", pair),)), now=NOW)
    name, _, value = pair.partition("=")
    content = base64.b64decode(value.split("|")[4].partition(":")[2])
    plain = base64.b64encode(STORED).decode()
    forged = "|".join(
        f"{len(plain)}:{plain}" if place == 4 else part
        for place, part in enumerate(value.split("|"))
    )
    sent = Request("GET", "/", headers=(("cookie", f"{name}={forged}"),))

    assert STORED[:-1] + f',"way":"{way}"}}'.encode() == content
    assert (way, False) == (found.way, found.may_open_console)
    assert SESSION.may_open_console
    assert sessions.of(sent, now=NOW) is None


def test_a_cookie_is_deleted_by_an_age_of_none(sessions):
    """Empty and with an end in the past, for browsers of every age."""
    expected = (
        "__Host-gateway_session=; Path=/; Max-Age=0; "
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax; Secure"
    )

    assert ("Set-Cookie", expected) == sessions.no_cookie()


def test_the_token_is_the_cookie_in_another_form(sessions):
    """A mini program stores no cookies, and sends it as a Bearer token."""
    token = sessions.token(SESSION, now=NOW)
    headers = (("authorization", f"Bearer {token}"),)
    session = sessions.of(Request("GET", "/", headers=headers), now=NOW)

    assert ("u-1", "s-1", NOW - 5, "wx1", False) == (
        session.sub,
        session.sid,
        session.at,
        session.app,
        session.by_cookie,
    )


def test_the_cookie_of_a_domain_without_https(redis_server):
    """The prefix is for one host and https alone."""
    store = RedisStore(lambda: connect(redis_server.url))
    sessions = Sessions(
        store,
        keys={1: b"secret-1"},
        secure=False,
        seconds=3600,
        sign_outs=SignOuts(store, seconds=3600),
        domain="example.com",
    )
    name, *flags = sessions.no_cookie()[1].split("; ")

    assert "gateway_session=" == name
    assert "Domain=example.com" in flags
    assert "Secure" not in flags


def test_what_is_stored_of_a_session(sessions):
    """The profile in UTF-8 under a random id; the app is the profile's, or none."""
    session, entry = sessions.make(
        "u-1", {"wechat_appid": "wx1", "name": "张三"}, now=NOW + 0.9
    )
    other, _ = sessions.make("u-1", {}, now=NOW)

    assert '{"wechat_appid": "wx1", "name": "张三"}'.encode() == entry.value
    assert ("u-1", NOW, "wx1") == (session.sub, session.at, session.app)
    assert "" == other.app
    assert 22 == len(session.sid) == len(other.sid)
    assert session.sid != other.sid
