"""WeChat hangs for one client: the others, sign-in and probes are not held up."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from runtime.registry.client_secrets import hash_secret
from tests.attacks.slow_upstream.held_wechat import HeldWeChat
from tests.end_to_end.raw_host import APPID, USERS, RawHost, get
from tests.support.local_hosts import eventually
from tests.support.scripted_wechat import FORM

OTHER_SECRET = "other_" + "2" * 32
MINI_PROGRAM = "wx" + "c" * 16
MINI_SECRET = "mini_" + "3" * 32
MOBILE = "wx" + "e" * 16
MORE = {
    ("apps", MINI_PROGRAM): {"kind": "miniprogram", "secret": "e" * 32},
    ("apps", MOBILE): {"kind": "mobile", "secret": "e" * 32, "subject": "unionid"},
    ("clients", "mini"): {
        "name": "Mini",
        "scopes": {MINI_PROGRAM: [], MOBILE: []},
        "secret_hashes": [hash_secret(MINI_SECRET)],
    },
    ("clients", "other"): {
        "name": "Other",
        "scopes": {APPID: ["/*"]},
        "secret_hashes": [hash_secret(OTHER_SECRET)],
    },
}
PATIENT = {"WECHAT_DEADLINE_SECONDS": "100", "CREDENTIAL_WAIT_SECONDS": "110"}
QUICK = (
    ("/login/me", b"401"),
    ("/login", b"200"),
    ("/oidc/jwks", b"501"),  # this host has no key
    ("/sns/userinfo", b"200"),
    ("/healthz?quick=1", b"200"),
    ("/wechat_api/healthz?quick=1", b"200"),
)


@contextmanager
def slow_host(folder, redis, *options):
    """Yield a host before a WeChat that holds its answers; release them at the end."""
    redis.empty()
    wechat = HeldWeChat()
    made = RawHost(
        folder,
        redis.url,
        wechat=wechat,
        options=("--timeouts=false", *options),
        more=MORE,
        settings=PATIENT,
    )
    with made as host, ThreadPoolExecutor(100) as callers:
        host.token = token_of(host, "demo_" + "1" * 32)
        try:
            yield host, callers
        finally:
            wechat.release()


def token_of(host, secret):
    who = f"grant_type=client_credential&appid={APPID}&secret={secret}"
    answer = host.ask(get(f"/cgi-bin/token?{who}").encode())
    return json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]


def call(host, token):
    return host.ask(get(f"{USERS}?access_token={token}").encode(), seconds=120)


def sign_in(host):
    body = b'{"js_code":"junk","client_id":"mini"}'
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    text = get("/login/miniprogram", *lines, method="POST").encode() + body
    return host.ask(text, seconds=120)


def post_mobile_code(host):
    """Post a code in the body, where no host looks before it chooses a thread."""
    body = f"appid={MOBILE}&secret={MINI_SECRET}&code={'0' * 32}"
    body = f"{body}&grant_type=authorization_code".encode()
    lines = (f"Content-Type: {FORM}", f"Content-Length: {len(body)}")
    text = get("/sns/oauth2/access_token", *lines, method="POST").encode() + body
    return host.ask(text, seconds=120)


def status_of(answer):
    return answer.partition(b" ")[2][:3]


def check_quick(host):
    told = {path: status_of(host.ask(get(path).encode())) for path, _ in QUICK}
    assert dict(QUICK) == told
    assert token_of(host, OTHER_SECRET)


@pytest.mark.parametrize(
    "wait",
    [call, sign_in, post_mobile_code],
    ids=["calls", "junk js_codes", "posted junk codes"],
)
def test_what_waits_for_wechat_holds_up_nobody(tmp_path, shared_redis, wait):
    """Of 64 that wait none is answered, while all that does not need WeChat is."""
    with slow_host(tmp_path, shared_redis) as (host, callers):
        args = (host.token,) if wait is call else ()
        waiting = [callers.submit(wait, host, *args) for _ in range(64)]
        eventually(lambda: len(host.wechat.held) == 64)
        check_quick(host)

        assert not any(each.done() for each in waiting)
        host.wechat.release()
        assert {b"200"} >= {status_of(each.result()) for each in waiting} - {b"502"}


def test_calls_beyond_the_limits_are_refused_at_once(tmp_path, shared_redis):
    """One client gets half; nothing of a refused call reaches WeChat."""
    with slow_host(tmp_path, shared_redis, "--calls_in_flight=8") as (host, callers):
        other = token_of(host, OTHER_SECRET)
        waiting = [callers.submit(call, host, host.token) for _ in range(4)]
        eventually(lambda: len(host.wechat.held) == 4)
        refused = [call(host, host.token) for _ in range(20)]
        waiting += [callers.submit(call, host, other) for _ in range(4)]
        eventually(lambda: len(host.wechat.held) == 8)
        refused.append(call(host, other))

        assert not any(each.done() for each in waiting)
        assert 8 == len(host.wechat.held)
        for answer in refused:
            head, _, body = answer.partition(b"\r\n\r\n")
            assert (b"503", -1) == (status_of(answer), json.loads(body)["errcode"])
            assert b"\r\nRetry-After: 1" in head
            assert b"\r\nX-Gateway-Error: overloaded" in head
        host.wechat.release()
        assert [b"200"] * 8 == [status_of(each.result()) for each in waiting]
        assert b"200" == status_of(call(host, host.token))


def test_sign_ins_beyond_the_limit_are_refused_at_once(tmp_path, shared_redis):
    """They have a limit of their own: calls still have theirs."""
    with slow_host(tmp_path, shared_redis, "--calls_in_flight=8") as (host, callers):
        waiting = [callers.submit(sign_in, host) for _ in range(4)]
        eventually(lambda: len(host.wechat.held) == 4)
        refused = [sign_in(host) for _ in range(20)]
        calls = [callers.submit(call, host, host.token) for _ in range(4)]
        eventually(lambda: len(host.wechat.held) == 8)

        assert not any(each.done() for each in (*waiting, *calls))
        for answer in refused:
            head, _, body = answer.partition(b"\r\n\r\n")
            assert (b"503", "overloaded") == (
                status_of(answer),
                json.loads(body)["error"],
            )
            assert b"\r\nRetry-After: 1" in head
        assert 8 == len(host.wechat.held)
        host.wechat.release()
        assert [b"200"] * 4 == [status_of(each.result()) for each in calls]
        assert not {status_of(each.result()) for each in waiting} & {b"503"}
