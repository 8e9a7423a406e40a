"""WeChat's API: answers read by their bytes, and refused if not of its protocol."""

from __future__ import annotations

import json
import logging

import pytest

from runtime.errors import WeChatRefused, WeChatUnavailable
from runtime.upstream.answer import Answer
from runtime.wechat.api import WeChat


def make_answer(body, *, status=200, kind="text/plain"):
    return Answer(status, (("Content-Type", kind),), body)


class Recorder:
    """A transport that returns one answer and records the request."""

    def __init__(self, answer):
        self._answer = answer

    def __call__(self, method, url, **rest):
        self.asked = (method, url, rest)
        return self._answer


def still(transport):
    """Return a WeChat for which no time passes."""
    return WeChat("https://api", transport, seconds=5, clock=lambda: 0.0)


def call(body, *, status=200):
    wechat = WeChat(
        "https://api", Recorder(make_answer(body, status=status)), seconds=5
    )
    return wechat.call("GET", "/cgi-bin/x")


@pytest.mark.case(54, 59)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1}', {"a": 1}),
        (b' \n{"a":1}\n', {"a": 1}),
        ('{"nickname":"张三😀"}'.encode(), {"nickname": "张三😀"}),
        (b'{"nickname":"a\x01\tb"}', {"nickname": "a\x01\tb"}),
        (b'{"nickname":"Jos\xe9"}', {"nickname": "Jos\ufffd"}),
        (b'{"nickname":"\\ud83d\\ude00"}', {"nickname": "😀"}),
        (b'{"errcode":0,"errmsg":"ok"}', {"errcode": 0, "errmsg": "ok"}),
        (b'{"nickname":"\\"errcode\\":40001"}', {"nickname": '"errcode":40001'}),
        (b'{"list":[{"errcode":40001}]}', {"list": [{"errcode": 40001}]}),
    ],
)
def test_an_answer_is_json_by_its_bytes(body, expected):
    """The content type does not matter, nor do odd characters; errcode 0 is success,
    and so is the word errcode anywhere else."""
    assert expected == call(body)


@pytest.mark.case(53)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"[]",
        b'"a"',
        b"null",
        b"1",
        b"[" * 100_000,
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_no_json_object_is_not_wechat(body):
    """HTML, nothing, compressed bytes or other JSON: WeChat is unavailable."""
    with pytest.raises(WeChatUnavailable):
        call(body)


@pytest.mark.case(53)
@pytest.mark.parametrize("status", [201, 302, 404, 412, 500, 502, 504])
def test_another_status_is_not_wechat(status):
    """WeChat always answers 200: another status comes from something in between."""
    with pytest.raises(WeChatUnavailable):
        call(b'{"access_token":"x","expires_in":7200}', status=status)


@pytest.mark.parametrize(
    ("body", "errcode", "errmsg"),
    [
        (b'{"errcode":40001,"errmsg":"no rid: 1"}', 40001, "no"),
        (b'{"errcode":"40001"}', 40001, ""),
        (b'\n {"errcode":-1,"errmsg":null}', -1, "None"),
    ],
)
def test_a_refusal_has_wechats_own_words(body, errcode, errmsg):
    """An errcode is raised with WeChat's code and sentence."""
    with pytest.raises(WeChatRefused) as caught:
        call(body)

    assert (errcode, errmsg) == (caught.value.errcode, caught.value.errmsg)


def test_the_rid_of_a_refusal_is_for_the_log_alone(caplog):
    """With path and errcode, and without the query, in which secrets are."""
    caplog.set_level(logging.INFO, "gateway.wechat")
    rid = "6b0da7dc-d4c133e4-5942d95d"
    said = f'{{"errcode":40125,"errmsg":"invalid appsecret rid: {rid}"}}'
    with pytest.raises(WeChatRefused) as caught:
        still(Recorder(make_answer(said.encode()))).call("GET", "/cgi-bin/x?secret=s3")

    assert [f"/cgi-bin/x: refused, 40125, rid {rid}"] == caplog.messages
    assert "invalid appsecret" == caught.value.errmsg


def test_a_rid_that_is_none_is_not_logged_as_it_is(caplog):
    """Only what a rid may hold, and not too much of it."""
    caplog.set_level(logging.INFO, "gateway.wechat")
    said = b'{"errcode":-1,"errmsg":"x rid: ' + b"a" * 1000 + b'\\n\\u0007b"}'
    with pytest.raises(WeChatRefused):
        still(Recorder(make_answer(said))).call("GET", "/cgi-bin/x")

    assert [f"/cgi-bin/x: refused, -1, rid {'a' * 64}"] == caplog.messages


def test_content_goes_up_as_raw_utf8():
    """WeChat takes escapes literally: Chinese is sent as it is."""
    recorder = Recorder(make_answer(b"{}"))
    still(recorder).call("POST", "/cgi-bin/x?a=b", content={"content": "张三"})

    method, url, rest = recorder.asked
    assert ("POST", "https://api/cgi-bin/x?a=b", 5) == (method, url, rest["seconds"])
    assert '{"content": "张三"}'.encode() == rest["body"]
    assert json.loads(rest["body"])
    assert "application/json" == rest["headers"]["Content-Type"]


@pytest.mark.parametrize(
    ("method", "expected"),
    [("POST", b""), ("PUT", b""), ("PATCH", b""), ("GET", None), ("DELETE", None)],
)
def test_a_body_that_is_not_there(method, expected):
    """Methods with a body always send one, with its length; others send none."""
    recorder = Recorder(make_answer(b"{}"))
    still(recorder).send(method, "/cgi-bin/x", seconds=30)

    _, _, rest = recorder.asked
    assert expected == rest["body"]
    assert rest["seconds"] == 30
