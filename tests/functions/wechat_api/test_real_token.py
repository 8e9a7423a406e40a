"""The real access_token: who may read it, and how it is replaced."""

from __future__ import annotations

import json

import pytest

from tests.support.scripted_wechat import CLIENT_SECRET, SERVICE, basic, change

STABLE = "/cgi-bin/stable_token"
REAL = "75_real-token"


@pytest.fixture
def real(wechat):
    """WeChat hands out its token."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    return wechat


def test_it_is_read_with_its_remaining_life(call, real, caplog):
    """No cache keeps it, the log tells who read it, and not what."""
    caplog.set_level("INFO")
    status, headers, content = call("/access_token", authorization=basic())
    lines = [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == "gateway.audit"
    ]

    assert (200, "no-store") == (status, headers["Cache-Control"])
    assert {"access_token": REAL, "expires_in": 7170} == content
    assert [("demo", SERVICE, "token_read")] == [
        (line["client"], line["app"], line["event"]) for line in lines
    ]
    assert REAL not in caplog.text
    assert CLIENT_SECRET not in caplog.text


@pytest.mark.parametrize(
    "patterns", [["/*"], ["*"], ["/access_token"], ["token:*"], []]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/access_token"), ("POST", "/access_token/reject")]
)
def test_only_with_the_word(call, gateway, wechat, patterns, method, path):
    """No path pattern covers it, however wide."""
    change(gateway, "clients", "demo", scopes={SERVICE: patterns})
    status, _, content = call(
        path, method=method, authorization=basic(), body=b'{"access_token":"x"}'
    )

    assert (403, "path_not_in_scope") == (status, content["error"])
    assert [] == wechat.seen


def test_the_word_opens_no_path(call, gateway, wechat):
    """The scope token:read allows no path."""
    change(gateway, "clients", "demo", scopes={SERVICE: ["token:read"]})

    assert 403 == call("/cgi-bin/user/get", authorization=basic())[0]
    assert [] == wechat.seen


def reject(call, value):
    body = json.dumps({"access_token": value}).encode()
    return call("/access_token/reject", method="POST", authorization=basic(), body=body)


def test_a_rejected_value_is_replaced_once(call, wechat):
    """A second report of the same value changes nothing."""
    fresh = {"access_token": "75_fresh", "expires_in": 7200}
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200}, fresh)
    call("/access_token", authorization=basic())
    first, second = reject(call, REAL), reject(call, REAL)

    assert {"dropped": True, "expires_in": 7170} == first[2]
    assert (False, "75_fresh") == (
        second[2]["dropped"],
        call("/access_token", authorization=basic())[2]["access_token"],
    )
    assert 2 == len(wechat.calls(STABLE))


def test_a_value_that_never_stood_drops_nothing(call, real):
    """An unknown value drops nothing."""
    call("/access_token", authorization=basic())

    assert reject(call, "75_other")[2]["dropped"] is False
    assert REAL == call("/access_token", authorization=basic())[2]["access_token"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b"null", b"\xff", b"access_token=x"),
        *(b'{"access_token":1}', b'{"access_token":""}'),
        b'{"access_token":"\\ud800"}',
    ],
)
def test_what_is_no_value_is_a_bad_request(call, wechat, body):
    """400, and nothing is asked."""
    status, _, content = call(
        "/access_token/reject", method="POST", authorization=basic(), body=body
    )

    assert (400, "invalid_request") == (status, content["error"])
    assert [] == wechat.seen


def test_an_app_without_one(call, gateway, wechat):
    """WeChat's refusal is told with its words, without the rid."""
    wechat.script(STABLE, {"errcode": 48001, "errmsg": "api unauthorized rid: 1"})
    status, _, content = call("/access_token", authorization=basic())

    assert (502, "wechat_refused") == (status, content["error"])
    assert "(48001: api unauthorized)" in content["message"]


def test_a_secret_without_a_client_id(call, wechat):
    """An SDK that sends one reads the errcode of the refusal."""
    status, _, content = call("/access_token", query="secret=s3cret")

    assert (401, 40125) == (status, content["errcode"])
    assert "s3cret" not in str(content)


def test_a_header_counts_beside_a_secret_without_a_client_id(call, real):
    """Who proves itself by the header may send whatever else."""
    assert 200 == call("/access_token", query="secret=x", authorization=basic())[0]
