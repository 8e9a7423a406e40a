"""The signature of Aliyun's newer APIs: as its page and its own client make it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from runtime.upstream.acs_signature import AccessKey, authorization, signed_headers

OF_THE_CLIENT = json.loads(Path(__file__).with_name("acs_requests.json").read_text())
"""Requests that Aliyun's own client has sent, with date and nonce held fast."""


def test_the_example_of_aliyuns_page():
    """`V3 request structure and signature`, with its key and its result."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    made = authorization(
        "POST",
        "/",
        headers,
        key=AccessKey("YourAccessKeyId", "YourAccessKeySecret"),
        query="ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
        "&RegionId=cn-shanghai",
    )

    assert made == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@pytest.mark.parametrize(
    "request_", OF_THE_CLIENT["requests"], ids=["key", "role", "body"]
)
def test_a_request_of_aliyuns_client(request_):
    """The same request, the same signature."""
    token = request_["security_token"]
    key = AccessKey(request_["id"], request_["secret"], token)
    sent = dict(request_["headers"])
    added = {"x-acs-content-sha256", *(["x-acs-security-token"] if token else [])}
    given = {name: value for name, value in sent.items() if name not in added}
    made = signed_headers(
        request_["method"], request_["path"], given, request_["body"].encode(), key=key
    )

    assert {**sent, "authorization": request_["authorization"]} == made


def test_nothing_is_shown():
    """A key may be printed by accident."""
    assert "AccessKey()" == repr(AccessKey("id", "secret", "token"))
