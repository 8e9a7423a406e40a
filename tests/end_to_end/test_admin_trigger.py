"""The admin trigger of a real host: only requests with FC's signature pass."""

from __future__ import annotations

import http.client
import json
import time
from email.utils import formatdate
from urllib.parse import urlsplit

import fc2
import pytest
from fc2.auth import Auth

from tests.end_to_end.operator_host import KEY_ID, KEY_SECRET

PATH = "/2016-08-15/proxy/wechat_gateway/admin/client/list"


def call(admin_host, path=PATH, *, date=None, key=KEY_SECRET, sign=True, body=b"{}"):
    """Post with a signature by the vendor's own code; return status and JSON."""
    headers = {"content-type": "application/json", "date": date or now()}
    if sign:
        signature = Auth(KEY_ID, key).sign_request("POST", path, headers, {})
        headers["authorization"] = signature
    parts = urlsplit(admin_host.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("POST", path, body=body, headers=headers)
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def now(seconds=0):

    return formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize("path", [PATH, "/admin/client/list"])
@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"sign": False}, "SignatureNotMatch", id="unsigned"),
        pytest.param({"key": "wrong"}, "SignatureNotMatch", id="wrong key"),
        pytest.param({"ago": 1000}, "AccessDenied", id="old"),
        pytest.param({"ago": -1000}, "AccessDenied", id="from the future"),
    ],
)
def test_nobody_else_comes_in(admin_host, path, more, code):
    """By the default form and by the custom domain alike: 403, as FC has it."""
    if "ago" in more:  # not when the table is made: that may be minutes before
        more = {"date": now(-more["ago"])}
    status, content = call(admin_host, path, **more)

    assert (403, code) == (status, content["ErrorCode"])


def test_who_signs_comes_in_and_may_repeat_it(admin_host):
    """Within fifteen minutes the same request passes again, and with another body.

    So it is on FC: the signature covers neither a serial number nor the body.
    """
    date = now(-600)
    answers = [call(admin_host, date=date), call(admin_host, date=date)]
    assert [200, 200] == [status for status, _ in answers]
    status, content = call(admin_host, date=date, body=b'{"all": true}')
    assert (400, "invalid_document") == (status, content["error"])
    assert 200 == call(admin_host, "/admin/client/list", date=date)[0]


def test_the_vendors_client_reads_the_answer(admin_host):
    """What manage.py stands on, by itself."""
    client = fc2.Client(
        endpoint=admin_host.url, accessKeyID=KEY_ID, accessKeySecret=KEY_SECRET
    )
    answer = client.do_http_request(
        "POST",
        "wechat_gateway",
        "admin",
        "/store/check",
        headers={"content-type": "application/json"},
        body=b"{}",
    )

    assert (200, []) == (answer.status_code, answer.json()["faults"])
