"""Errors of WeChat: one exception with WeChat's number, and no secret in it."""

from __future__ import annotations

import gzip

import pytest

from tests.support.mixin_service import agree, finish, make_service, start, state_of
from tests.support.raw_server import RawServer, close, make_answer, send_and_close
from tests.support.tornado_service import Service

TOKEN_PATH = "/sns/oauth2/access_token"
APP = {"appid": "wx" + "a" * 16, "secret": "f" * 32}
GOOD = b'{"access_token":"75_secret-token","expires_in":7200,"openid":"o-1"}'
GZIP = ("Content-Encoding: gzip",)


@pytest.mark.case(52, 53)
@pytest.mark.bug(5)
@pytest.mark.parametrize(
    ("fault", "error", "errcode"),
    [
        ({"errcode": 40029}, "WeChat refused with errcode 40029.", 40029),
        ({"errcode": 40163}, "WeChat refused with errcode 40163.", 40163),
        ({"errcode": -1}, "WeChat refused with errcode -1.", -1),
        ({"status": 502}, "WeChat cannot be reached, status 502.", None),
        ({"delay_ms": 1500}, "WeChat cannot be reached, status 0.", None),
        ({"drop": True}, "WeChat cannot be reached, status 0.", None),
        ({"body": ""}, "The answer is not WeChat's JSON.", None),
        ({"body": "<html>"}, "The answer is not WeChat's JSON.", None),
        ({"body": "[]"}, "The answer is not WeChat's JSON.", None),
        ({"body": "[" * 100_000}, "The answer is not WeChat's JSON.", None),
        ({"body": "{}"}, "The answer names nobody.", None),
    ],
    ids=str,
)
def test_the_exchange_fails(sandbox, browser, service, fault, error, errcode):
    """As one error, which holds on to no other one that has the answer in it."""
    address = agree(browser, start(browser, service))
    sandbox.control("faults", path=TOKEN_PATH, **fault)

    assert finish(browser, address) == {
        "error": error,
        "errcode": errcode,
        "around": ["None", "None"],
    }


def exchange(browser, *answers):
    """Sign in at a WeChat that answers these bytes; return what the service tells."""
    with RawServer(*answers) as wechat:
        urls = {"open_url": wechat.url, "api_url": wechat.url + "/"}
        with Service(lambda url: make_service(url, app=APP, **urls)) as service:
            state = state_of(start(browser, service))
            query = f"code=the-code&state={state}"
            return finish(browser, f"{service.url}/signed_in?{query}"), wechat.requests


@pytest.mark.case(54, 59)
@pytest.mark.parametrize(
    "profile",
    [
        b'{"errcode":0,"errmsg":"ok","nickname":"my \\"errcode\\": 1"}',
        b'{"errcode":"0","nickname":"a\x01\tb"}',
        b'{"nickname":"\xf0\x9f\xa6\x8c \xee\x80\x80 </script>"}',
    ],
)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json; charset=gbk", "text/html"]
)
def test_an_answer_is_utf_8_whatever_it_says(browser, profile, content_type):
    """errcode 0 is success, a name may hold anything, and charsets are not believed."""
    headers = (f"Content-Type: {content_type}",)
    told, requests = exchange(
        browser, make_answer(GOOD, headers=headers), make_answer(profile)
    )
    expected = profile.decode().split('"nickname":"')[1].removesuffix('"}')

    assert expected.replace('\\"', '"') == told["profile"]["nickname"]
    assert 2 == len(requests)


@pytest.mark.case(53, 55, 121)
@pytest.mark.parametrize(
    "answer",
    [
        make_answer(b'{"errcode":"f%s","errmsg":"75_secret-token"}' % (b"f" * 31)),
        make_answer(GOOD[:-1]),
        make_answer(GOOD.replace(b"openid", b"opened")),
        make_answer(GOOD.replace(b"access_token", b"access_tokin")),
        make_answer(b"\xff\xfe" + GOOD),
        make_answer(gzip.compress(GOOD)),
        make_answer(GOOD, headers=GZIP),
        make_answer(GOOD, status="302 Found", headers=("Location: /elsewhere",)),
        make_answer(GOOD, status="500 Oops"),
        send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + GOOD),
        send_and_close(b"75_secret-token\r\n\r\n"),
        close,
    ],
    ids=range(12),
)
def test_no_answer_shows_a_secret(browser, answer):
    """Neither secret nor code, token or address, and no redirect is followed."""
    told, requests = exchange(browser, answer)

    assert None is told["errcode"]
    assert ["None", "None"] == told["around"]
    for word in (APP["secret"], "the-code", "75_secret", "http", "127.0.0.1"):
        assert word not in told["error"]
    assert [f"GET {TOKEN_PATH}"] == [head.partition("?")[0] for head, _ in requests]
    assert 1 == len(requests)


def test_a_compressed_answer_is_read(browser):
    """As WeChat may send it."""
    profile = make_answer(gzip.compress(b'{"nickname":"Jos\xc3\xa9"}'), headers=GZIP)
    told, _ = exchange(browser, make_answer(GOOD), profile)

    assert "José" == told["profile"]["nickname"]


def test_nobody_listens(browser):
    """A refused connection is the same error."""
    urls = dict.fromkeys(("open_url", "api_url"), "http://127.0.0.1:1")
    with Service(lambda url: make_service(url, app=APP, **urls)) as service:
        state = state_of(start(browser, service))
        told = finish(browser, f"{service.url}/signed_in?code=c&state={state}")

    assert "WeChat cannot be reached, status 0." == told["error"]
