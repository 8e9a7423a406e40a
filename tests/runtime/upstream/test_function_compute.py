"""Function Compute's own API, against stand-ins that check every signature."""

from __future__ import annotations

import logging
import sys
import time

import pytest

from runtime.errors import WeChatUnavailable
from runtime.upstream.function_compute import SECONDS, STARTED, FunctionCompute
from runtime.upstream.transport import pooled_transport
from tests.support.invocation_api import (
    KEY_ID,
    KEY_SECRET,
    TOKEN,
    context_of,
    invocation_api,
)
from tests.support.ports import free_port

each_fc = pytest.mark.parametrize("fc", [2, 3])


@pytest.fixture
def api():
    with invocation_api() as made:
        yield made


@pytest.fixture
def start(api, caplog):
    """Start deliver by a context; no log line has a part of the key afterwards."""
    caplog.set_level(logging.DEBUG)

    def run(context, *, url=None, **more):
        compute = FunctionCompute(
            url=api.url if url is None else url, transport=pooled_transport, **more
        )
        outcome = compute.start(context, "deliver")
        for secret in (KEY_SECRET, TOKEN, "Signature=", f"FC {KEY_ID}"):
            assert secret not in caplog.text + outcome
        return outcome

    return run


@each_fc
@pytest.mark.parametrize("function", ["wechat_event", "admin", "deliver"])
def test_a_function_starts_another(api, start, fc, function):
    """Asynchronously, with a signature that is checked; the payload is empty."""
    assert STARTED == start(context_of(function, fc=fc))
    assert ["deliver" if fc == 2 else "wechat_gateway_deliver"] == api.started


@each_fc
def test_without_the_right_it_is_not_started(api, start, fc):
    api.rights.clear()
    assert "AccessDenied" == start(context_of(fc=fc))
    assert [] == api.started


@pytest.mark.parametrize(
    ("fc", "change", "code"),
    [
        (2, {"access_key_secret": "wrong"}, "SignatureNotMatch"),
        (3, {"access_key_secret": "wrong"}, "SignatureDoesNotMatch"),
        (3, {"security_token": "of-another"}, "InvalidAccessKeyId.NotFound"),
    ],
)
def test_a_key_that_is_not_good(api, start, fc, change, code):
    assert code == start(context_of(fc=fc, **change))
    assert ([code], []) == (api.refused, api.started)


def test_a_clock_that_is_wrong(start):
    context = context_of(fc=3)
    assert "InvalidTimeStamp.Expired" == start(
        context, clock=lambda: time.time() - 16 * 60
    )


def test_a_nonce_is_used_once(api, start):
    """So the stand-in would see one that is always the same."""
    assert STARTED == start(context_of(fc=3), nonce=lambda: "n")
    assert "SignatureNonceUsed" == start(context_of(fc=3), nonce=lambda: "n")
    assert STARTED == start(context_of(fc=3))


def test_with_python_312_the_key_is_in_the_environment(api, start):
    """Its context has neither credentials nor a service."""
    context = context_of(fc=3)
    del context.credentials, context.service
    key = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET,
        "ALIBABA_CLOUD_SECURITY_TOKEN": TOKEN,
    }

    assert STARTED == start(context, environ=key)
    assert ["wechat_gateway_deliver"] == api.started
    assert "no_role" == start(context, environ={})


@each_fc
@pytest.mark.parametrize("name", ["access_key_id", "access_key_secret"])
def test_a_function_without_a_role(api, start, fc, name):
    assert "no_role" == start(context_of(fc=fc, **{name: ""}))
    assert [] == api.refused


def test_another_server(start):
    """Its context has no credentials, or there is none."""
    assert "no_platform" == start(None)


@each_fc
def test_a_platform_that_is_slow(api, start, fc):
    """The caller has to answer WeChat."""
    api.delay = 4.0
    began = time.monotonic()
    outcome = start(context_of(fc=fc))

    assert time.monotonic() - began < SECONDS + 2
    assert outcome == ("timeout" if fc == 3 else "ReadTimeout")


@each_fc
def test_a_platform_that_is_away(start, fc):
    outcome = start(context_of(fc=fc), url=f"http://127.0.0.1:{free_port()}")
    assert outcome == ("unreachable" if fc == 3 else "ConnectionError")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"", "500"),
        (b"[" * 5000, "500"),
        (b'"text"', "500"),
        (b'{"Code": "Internal\\nError"}', "500"),
        (b'{"Code": "InternalError"}', "InternalError"),
        (b"x" * 7_000_000, "no_answer"),
    ],
)
def test_an_answer_that_says_nothing(api, start, body, outcome):
    api.status, api.body = 500, body
    assert outcome == start(context_of(fc=3))


@pytest.mark.parametrize("body", [b"", b"not JSON", b'{"ErrorCode": "a b\\nc"}'])
def test_an_old_answer_that_says_nothing(api, start, body):
    api.status, api.body = 500, body
    assert start(context_of(fc=2)) in ("no_answer", "JSONDecodeError")


def test_a_runtime_without_aliyuns_client(api, start, monkeypatch):
    monkeypatch.setitem(sys.modules, "fc2", None)
    assert "no_client" == start(context_of(fc=2))
    assert STARTED == start(context_of(fc=3))


def test_the_address_is_that_of_the_account_and_the_region():
    """Inside Aliyun's network, unless a setting names another one."""
    asked = []

    def transport(method, url, **more):
        asked.append((method, url))
        raise WeChatUnavailable

    compute = FunctionCompute(transport=lambda: transport)
    assert "no_answer" == compute.start(context_of(fc=3), "deliver")
    host = "1234567890123456.cn-hangzhou-internal.fc.aliyuncs.com"
    path = "/2023-03-30/functions/wechat_gateway_deliver/invocations"

    assert [("POST", f"https://{host}{path}")] == asked
