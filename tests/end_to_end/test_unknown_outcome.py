"""Calls of unknown outcome: however a client retries, WeChat gets the message once.

The retry policies are those of urllib3, of requests and of SDKs, whose lists of
errcodes were read in their sources.
"""

from __future__ import annotations

import json

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.end_to_end.gateway_adapter import WECHAT, GatewayAdapter
from tests.end_to_end.raw_host import APPID, CLIENT_SECRET, OK
from tests.support.raw_server import close, reset, send_and_close

SEND = "/cgi-bin/message/custom/send"
READ = "/cgi-bin/user/info/batchget"
MESSAGE = {"touser": "o-1", "msgtype": "text", "text": {"content": "你好"}}

RETRIED = {
    # co-wechat-api and node-easywechat hold a part of these.
    "wechatpy, EasyWeChat 4 and 5, PowerWeChat, WxJava's token": (40001, 40014, 42001),
    "rails": (40001, 40014, 41001, 42001),
    "WxJava's busy": (-1,),
    "everything that means busy": (-1, -1000, 45009, 45011, 61450),
}

RETRIED_STATUSES = {
    # GenericRetryStrategy of Symfony, EasyWeChat 6's default, for a POST.
    "symfony": (423, 425, 429, 502, 503),
    "urllib3's RETRY_AFTER_STATUS_CODES": (413, 429, 503),
}

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"


BROKEN = {
    "hang-up": close,
    "reset": reset,
    "cut": send_and_close(CUT),
    "no-http": send_and_close(b"220 smtp.example.com ESMTP\r\n"),
    "malformed-head": send_and_close(b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n{}"),
    "too-large": send_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
}


@pytest.fixture(params=BROKEN)
def broken(raw_host, request):
    """A WeChat that takes each message, and then fails in one of these ways."""
    raw_host.wechat.answers[:] = [BROKEN[request.param]]
    yield raw_host
    raw_host.wechat.answers[:] = [OK]


@pytest.fixture
def url(raw_host):
    return f"http://{raw_host.address.netloc}"


def sent(raw_host, path=SEND):
    """Return how many times WeChat has got this path, and forget them."""
    number = sum(f"POST {path}?" in line for line in raw_host.reached())
    raw_host.wechat.requests.clear()
    return number


def post(raw_host, url, *, path=SEND, session=requests):
    return session.post(
        url + path,
        params={"access_token": raw_host.token},
        json=MESSAGE,
        timeout=30,
    )


def test_the_answer(broken, url):
    """504, an errcode that no list holds, and words."""
    answer = post(broken, url)

    assert (504, 1) == (answer.status_code, sent(broken))
    assert answer.json()["errcode"] not in {
        c for each in RETRIED.values() for c in each
    }
    assert abs(answer.json()["errcode"]) not in (40001, 40014, 42001)
    assert not any(code in answer.text for code in ("40001", "40014", "42001"))


@pytest.mark.parametrize("statuses", RETRIED_STATUSES.values(), ids=RETRIED_STATUSES)
def test_urllib3_with_post_allowed(broken, url, statuses):
    """Retry on statuses, for every method."""
    policy = Retry(5, allowed_methods=None, status_forcelist=statuses, backoff_factor=0)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=policy))
        post(broken, url, session=session)

    assert 1 == sent(broken)


def test_urllib3_as_it_is(broken, url):
    """Its own default, which repeats 503 with Retry-After."""
    with urllib3.PoolManager() as pool:
        target = f"{url}{SEND}?access_token={broken.token}"
        answer = pool.request(
            "POST", target, body=json.dumps(MESSAGE), retries=Retry(5)
        )

    assert (504, 1) == (answer.status, sent(broken))


@pytest.mark.parametrize("codes", RETRIED.values(), ids=RETRIED)
def test_a_loop_on_errcodes(broken, url, codes):
    """As SDKs have one, five times at most."""
    for _ in range(5):
        if post(broken, url).json()["errcode"] not in codes:
            break

    assert 1 == sent(broken)


def test_wechatpy(broken, url):
    """With its own retries, which are on."""
    sdk = WeChatClient(APPID, CLIENT_SECRET, access_token=broken.token)
    sdk._http.mount(WECHAT, GatewayAdapter(url))
    with pytest.raises(WeChatClientException):
        sdk.message.send_text("o-1", "你好")
    sdk._http.close()

    assert 1 == sent(broken)


@pytest.mark.parametrize("broken", ["hang-up", "cut"], indirect=True)
def test_a_read_may_be_repeated(broken, url):
    """By the gateway once, and then by the caller."""
    answer = post(broken, url, path=READ)

    assert (502, -1) == (answer.status_code, answer.json()["errcode"])
    assert 2 == sent(broken, READ)
