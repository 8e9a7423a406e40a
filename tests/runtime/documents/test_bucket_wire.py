"""Requests to OSS and S3: exactly what each is known to accept."""

from __future__ import annotations

import hashlib
import logging
import re
import socket

import pytest

from runtime.documents.bucket import BucketStore
from runtime.documents.bucket_client import Dialect, connect
from runtime.documents.bucket_codes import meaning_of
from runtime.documents.store import StoreAway, VersionExists
from tests.runtime.documents.document_stores import oss, oss_store, use_keys
from tests.support.documentation import ROOT
from tests.support.oss_server import BUCKET, ENDPOINT_HOST, KEY_ID, KEY_SECRET

NAME = "apps/wx0123456789abcdef"
KEY = f"/wechat/config/{NAME}/1.json"
OF_BOTO = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding"}


BOUND = "documents.example.com"
V4 = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={KEY_ID}/[0-9]{{8}}/cn-hangzhou/s3/aws4_request, .*"
)


@pytest.fixture
def server(monkeypatch):
    use_keys(monkeypatch)
    with oss(monkeypatch) as server:
        yield server


@pytest.fixture(params=["v4", "v2"])
def signature(request, server):
    """A signature, of which the server takes no other one."""
    server.bucket.versions = (request.param,)
    return request.param


def sent(server, signature):
    """Return the one request: its line, and headers without boto3's decoration."""
    (seen,) = server.bucket.seen
    headers = {name: v for name, v in seen.headers.items() if name not in OF_BOTO}
    given = headers.pop("authorization")
    if signature == "v4":
        assert V4.fullmatch(given)
        assert headers.pop("x-amz-date").endswith("Z")
        digest = hashlib.sha256(seen.body).hexdigest()
        assert digest == headers.pop("x-amz-content-sha256")
    else:
        assert headers.pop("date").endswith(" GMT")
        assert given.startswith(f"AWS {KEY_ID}:")
    assert f"{BUCKET}.{ENDPOINT_HOST}:{server.port}" == headers.pop("host")
    return seen.line, headers


def test_a_write_to_oss(server, signature):
    """The bucket in the host, OSS' own create-only header, the bytes as they are."""
    store = oss_store(server, signature=signature)
    store.create(NAME, 1, b'{"kind": "service"}')

    expected = {
        "content-type": "application/json",
        "content-length": "19",
        "expect": "100-continue",
        "x-oss-forbid-overwrite": "true",
    }
    assert (f"PUT {KEY} HTTP/1.1", expected) == sent(server, signature)
    assert b'{"kind": "service"}' == server.bucket.seen[0].body


def test_a_read_from_oss(server, signature):
    """A plain signed GET; no checksum is asked for."""
    server.bucket.objects[KEY[1:]] = b"{}"
    assert b"{}" == oss_store(server, signature=signature).read(NAME, 1)

    assert (f"GET {KEY} HTTP/1.1", {}) == sent(server, signature)


def test_a_listing_of_oss(server, signature):
    """The first version of the listing, a thousand at once instead of OSS' hundred."""
    assert [] == oss_store(server, signature=signature).versions(NAME)

    line, headers = sent(server, signature)
    prefix = f"wechat%2Fconfig%2F{NAME.replace('/', '%2F')}%2F"
    query = f"prefix={prefix}&max-keys=1000&encoding-type=url"
    assert (f"GET /?{query} HTTP/1.1", {}) == (line, headers)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"Bucket": "other-bucket"}, "SecondLevelDomainForbidden"),
        ({"IfNoneMatch": "*"}, "NotImplemented"),
        ({"ChecksumAlgorithm": "CRC32"}, "InvalidArgument"),
    ],
)
def test_the_judge_is_strict(server, options, code):
    """This OSS refuses what the real one refuses, or the tests above say little."""
    from botocore.exceptions import ClientError

    client = connect(Dialect(server.endpoint))
    request = {"Bucket": BUCKET, "Key": "k", "Body": b"{}", **options}
    with pytest.raises(ClientError) as caught:
        client.put_object(**request)

    assert code == caught.value.response["Error"]["Code"]


def test_a_host_that_is_bound_to_the_bucket(monkeypatch, signature, server):
    """The bucket's name stands neither in the host nor in the path."""
    monkeypatch.setattr(socket, "getaddrinfo", _everything_here(socket.getaddrinfo))
    server.bucket.bound_host = BOUND
    store = BucketStore(
        f"s3://{BUCKET}/wechat/config",
        endpoint=f"http://{BOUND}:{server.port}",
        create_only="oss",
        addressing="cname",
        signature=signature,
    )
    server.bucket.failures.append((503, "ServiceUnavailable"))  # it is sent again
    store.create(NAME, 1, b"{}")
    with pytest.raises(VersionExists):
        store.create(NAME, 1, b"[]")

    assert b"{}" == store.read(NAME, 1)
    assert [1] == store.versions(NAME)
    assert {f"{BOUND}:{server.port}"} == {s.headers["host"] for s in server.bucket.seen}
    assert not any(BUCKET in seen.line for seen in server.bucket.seen)


def _everything_here(find):
    return lambda host, *more, **options: find("127.0.0.1", *more, **options)


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("https://s3.oss-ap-southeast-1-internal.aliyuncs.com", "ap-southeast-1"),
        ("https://oss-accelerate.aliyuncs.com", None),
        ("https://files.example.com", None),
    ],
)
def test_the_region_of_a_signature(endpoint, region):
    """That of the host, if it names one."""
    assert region == Dialect(endpoint).region


def test_a_store_that_takes_the_other_signature(server):
    """The code says what to set, and the log explains it."""
    server.bucket.versions = ("v2",)
    with pytest.raises(StoreAway, match="SignatureDoesNotMatch"):
        oss_store(server).create(NAME, 1, b"{}")

    assert "S3_SIGNATURE" in meaning_of("SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "code",
    [
        *("PublicEndpointForbidden", "NonStandardHostForbidden", "InDebt"),
        *("AbnormalBucketOwnerStatus", "BucketDisable", "PermanentRedirect"),
    ],
)
def test_the_log_explains_a_code(server, caplog, code):
    """With what mends it; the runbook has a row for it."""
    server.bucket.failures.append((403, code))
    with pytest.raises(StoreAway):
        oss_store(server).read(NAME, 1)

    assert f"bucket: GetObject, {code}: {meaning_of(code)}" in caplog.messages
    assert code in (ROOT / "docs/operating/incidents.md").read_text("utf-8")


def test_the_judge_wants_the_bucket_in_the_host(server):
    """What goes to Amazon is refused by OSS, without a word of the key."""
    store = BucketStore(
        f"s3://{BUCKET}/wechat/config", endpoint=server.endpoint, create_only="s3"
    )
    with pytest.raises(StoreAway) as caught:
        store.create(NAME, 1, b"{}")

    assert "PutObject: SecondLevelDomainForbidden" == str(caught.value)
    assert f"PUT /{BUCKET}{KEY} HTTP/1.1" == server.bucket.seen[0].line
    assert "*" == server.bucket.seen[0].headers["if-none-match"]
    assert "x-oss-forbid-overwrite" not in server.bucket.seen[0].headers


@pytest.mark.parametrize(
    ("endpoint", "create_only", "expected"),
    [
        ("https://oss-cn-hangzhou.aliyuncs.com", "auto", True),
        ("https://s3.oss-cn-hangzhou-internal.aliyuncs.com", "auto", True),
        ("https://OSS-CN-HANGZHOU.ALIYUNCS.COM:443", "auto", True),
        ("https://aliyuncs.com.example.com", "auto", False),
        ("https://notaliyuncs.com", "auto", False),
        ("", "auto", False),
        ("https://files.example.com", "oss", True),
        ("https://oss-cn-hangzhou.aliyuncs.com", "s3", False),
    ],
)
def test_who_speaks_oss(endpoint, create_only, expected):
    """The host decides, unless the deployer does."""
    assert expected == Dialect(endpoint, create_only).is_oss


def test_no_other_variable_names_the_endpoint(server, monkeypatch):
    """boto3's own variables for endpoints are not for this bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    oss_store(server).create(NAME, 1, b"{}")

    assert 1 == len(server.bucket.seen)
    assert "https://s3.amazonaws.com" == connect(Dialect()).meta.endpoint_url


def test_no_key_and_no_signature_in_the_log(server, caplog):
    """At level DEBUG, too, where boto3 would write what it signs."""
    with caplog.at_level(logging.DEBUG):
        store = oss_store(server)
        store.create(NAME, 1, b"{}")
        store.read(NAME, 1)
        server.bucket.failures.append((403, "AccessDenied"))
        with pytest.raises(StoreAway):
            store.versions(NAME)

    assert "bucket: ListObjects, AccessDenied: " in caplog.text
    told = caplog.text
    assert not any(word in told for word in (KEY_ID, KEY_SECRET, "AWS ", "Signature"))


def test_a_bucket_that_replaces_versions(server):
    """Versioning makes OSS ignore its header, and the probe finds that."""
    assert "" == oss_store(server).create_only_fault()
    assert "" == oss_store(server).create_only_fault()
    server.bucket.versioning = True
    assert "versioning is on" in oss_store(server).create_only_fault()
    server.bucket.failures.append((403, "AccessDenied"))
    assert oss_store(server).create_only_fault() == (
        "a version cannot be written: PutObject: AccessDenied"
    )
