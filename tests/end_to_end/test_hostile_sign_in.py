"""Raw requests to the sign-in endpoints: each is answered or closed, and soon."""

from __future__ import annotations

import re
import time

import pytest

from tests.end_to_end.raw_host import APPID, get

TARGETS = (
    "/login?next=/",
    f"/connect/oauth2/authorize?appid={APPID}",
    f"/oauth_callback/{APPID}?code=c&state={'0' * 32}",
    "/oidc/authorize?client_id=demo",
    "/oidc/token",
    "/oidc/revoke",
    f"/sns/oauth2/access_token?appid={APPID}",
    "/MP_verify_AbCd0123EfGh4567.txt",
)
COOKIES = "; ".join(f"flow_{number:08}={'0' * 32}" for number in range(200))
REFUSED = re.compile(rb"HTTP/1\.1 4")
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _survives(raw_host):
    """Each test is followed by a good request to the same process."""
    yield
    raw_host.check_well()


ILL = {
    "32 kB of header": lambda target: get(target, "X-A: " + "a" * 32768),
    "200 cookies": lambda target: get(target, f"Cookie: {COOKIES}"),
    "a length that lies": lambda target: get(
        target, FORM, "Content-Length: 9", method="POST"
    ),
    "no length that is one": lambda target: get(
        target, FORM, "Content-Length: 1e9", method="POST"
    ),
    "chunks that are none": lambda target: (
        get(target, FORM, "Transfer-Encoding: chunked", method="POST") + "zz\r\n"
    ),
    "TRACE": lambda target: get(target, "Cookie: a=echoed", method="TRACE"),
    "NUL": lambda target: get(f"{target}\0"),
    "NUL, encoded": lambda target: get(f"{target.partition('?')[0]}%00"),
    "overlong": lambda target: get(f"{target.partition('?')[0]}%c0%af"),
    "another host": lambda target: get(f"http://evil.example.net{target}"),
}


@pytest.mark.case(118, 119, 120)
@pytest.mark.parametrize("make", ILL.values(), ids=ILL)
def test_an_ill_request_is_refused(raw_host, make):
    """A 4xx or nothing, within two seconds, and never a stack or an echo."""
    for target in TARGETS:
        began = time.perf_counter()
        answer = raw_host.ask(make(target).encode("latin-1"), seconds=0.5)

        raw_host.check_silent(answer)
        assert time.perf_counter() - began < 2
        assert not answer or REFUSED.match(answer) or b'"errcode":' in answer
        assert b"Traceback" not in answer
        assert b"echoed" not in answer


@pytest.mark.case(118)
def test_a_large_body_is_read_and_refused(raw_host):
    """A megabyte of a form, a megabyte of brackets."""
    for target in TARGETS:
        for body in (b"a=1&" * 250_000, b"[" * 1_000_000):
            head = get(target, FORM, f"Content-Length: {len(body)}", method="POST")
            answer = raw_host.ask(head.encode() + body)

            raw_host.check_silent(answer)
            assert REFUSED.match(answer) or b'"errcode":' in answer
