"""Answers passed on by the proxy: harmless to browsers, without the real token."""

from __future__ import annotations

import json
import logging

import pytest

from functions.wechat_api.index import handler
from runtime.upstream.answer import Answer
from tests.support.api_calls import without_pauses
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.handles import wechat_api as handle
from tests.support.scripted_wechat import CLIENT_SECRET, SERVICE, ask, load

STABLE = "/cgi-bin/stable_token"
USERS = "/cgi-bin/user/get"
SEND = "/cgi-bin/message/custom/send"
REAL = "75_real-token_of-the-app"
FRESH = "75_fresh-token_of-the-app"
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture
def token(gateway, wechat):
    without_pauses(gateway)
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    who = f"grant_type=client_credential&appid={SERVICE}&secret={CLIENT_SECRET}"
    return load(handle(ask(path="/cgi-bin/token", query=who), gateway))["access_token"]


@pytest.fixture
def both(gateway, token):
    """Call a path in both of FC's forms; return the answers."""

    def both(path, method="GET"):
        over = handler.with_gateway(gateway)
        environ = make_environ_fc(
            method=method, path=path, query=f"access_token={token}"
        )
        event = make_event_fc(
            method=method, path=path, parameters=[("access_token", token)]
        )
        return [call_wsgi(over, environ), call_event(over, event)]

    return both


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/json"])
def test_no_answer_runs_scripts_on_our_origin(wechat, both, kind):
    """It is sandboxed and not sniffed, whatever WeChat sends and allows itself."""
    allows = ("Content-Security-Policy", "script-src *")
    wechat.script(USERS, Answer(200, (("Content-Type", kind), allows), SCRIPT))
    for status, headers, body in both(USERS):
        assert (status, body) == (200, SCRIPT)
        assert dict(headers)["Content-Type"] == kind
        policies = [value for name, value in headers if name == allows[0]]
        assert policies == ["sandbox"]
        assert dict(headers)["X-Content-Type-Options"] == "nosniff"


def test_a_repeated_header_is_one(wechat, both):
    """FC 3.0 cannot say it twice, and the write has happened: joined by a comma."""
    repeated = (
        ("Cache-Control", "no-cache"),
        ("cache-control", "no-store"),
        ("Wechatmp-A", "1"),
        ("wechatmp-a", "2"),
        ("WECHATMP-A", "3"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    )
    wechat.script(SEND, Answer(200, repeated, b"{}"))
    for status, headers, _ in both(SEND, "POST"):
        assert status == 200
        assert ("Cache-Control", "no-cache, no-store") in headers
        assert ("Wechatmp-A", "1, 2, 3") in headers
        names = [name.lower() for name, _ in headers]
        assert len(set(names)) == len(names)
        assert "set-cookie" not in names


SHOWN = {
    "json": Answer(200, (), json.dumps({"url": f"/a?access_token={REAL}"}).encode()),
    "at the end": Answer(200, (), b"x" * 3_000_000 + REAL.encode()),
    "an error": Answer(200, (), b'{"errcode":44002,"errmsg":"%s"}' % REAL.encode()),
    "a file": Answer(200, (("Content-Type", "image/png"),), b"\xff" + REAL.encode()),
    "a header": Answer(200, (("Wechatmp-A", f"a={REAL}"),), b"{}"),
    "a failure": Answer(500, (("Content-Type", "text/html"),), REAL.encode()),
}


@pytest.mark.case(122)
@pytest.mark.parametrize("answer", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_shows_the_real_token(wechat, both, caplog, answer, method):
    """It is refused in WeChat's shape, for good: nobody sends a write again for it."""
    caplog.set_level(logging.INFO)
    wechat.script(SEND, answer, answer, answer, answer)
    for status, headers, body in both(SEND, method):
        content = json.loads(body)
        assert (status, content["errcode"]) == (200, 48001)
        assert dict(headers)["X-Gateway-Error"] == "token_in_answer"
        assert REAL not in f"{headers}{body}"

    lines = [
        each.getMessage() for each in caplog.records if each.name.endswith("audit")
    ]
    assert len([each for each in lines if "token_in_answer" in each]) == 2
    assert [each for each in caplog.records if each.levelno == logging.ERROR]
    assert REAL not in caplog.text


@pytest.mark.case(122)
@pytest.mark.parametrize("shown", [REAL, FRESH])
def test_a_token_that_was_replaced_meanwhile(wechat, both, shown):
    """The old one may live for five minutes more, so it is not shown either."""
    wechat.script(STABLE, {"access_token": FRESH, "expires_in": 7200})
    rejected = {"errcode": 40001, "errmsg": "invalid credential"}
    wechat.script(USERS, rejected, Answer(200, (), shown.encode()))

    status, _, body = both(USERS)[0]
    assert (status, json.loads(body)["errcode"]) == (200, 48001)


def test_what_only_resembles_it(wechat, both):
    """Another token, and the gateway's own, pass."""
    wechat.script(USERS, Answer(200, (), REAL[:-1].encode()))

    assert all(each[2] == REAL[:-1].encode() for each in both(USERS))
