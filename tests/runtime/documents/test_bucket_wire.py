"""Requests to OSS and S3: exactly what each is known to accept."""

from __future__ import annotations

import logging

import pytest

from runtime.documents.bucket import BucketStore, connect, speaks_oss
from runtime.documents.store import StoreAway
from tests.runtime.documents.document_stores import oss, oss_store, use_keys
from tests.support.oss_server import BUCKET, ENDPOINT_HOST, KEY_ID, KEY_SECRET

NAME = "apps/wx0123456789abcdef"
KEY = f"/wechat/config/{NAME}/1.json"
OF_BOTO = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding"}


@pytest.fixture
def server(monkeypatch):
    use_keys(monkeypatch)
    with oss(monkeypatch) as server:
        yield server


def sent(server):
    """Return the one request: its line, and headers without boto3's decoration."""
    (seen,) = server.bucket.seen
    headers = {name: v for name, v in seen.headers.items() if name not in OF_BOTO}
    assert headers.pop("date").endswith(" GMT")
    assert headers.pop("authorization").startswith(f"AWS {KEY_ID}:")
    assert f"{BUCKET}.{ENDPOINT_HOST}:{server.port}" == headers.pop("host")
    return seen.line, headers


def test_a_write_to_oss(server):
    """The bucket in the host, OSS' own create-only header, the bytes as they are."""
    oss_store(server).create(NAME, 1, b'{"kind": "service"}')

    expected = {
        "content-type": "application/json",
        "content-length": "19",
        "expect": "100-continue",
        "x-oss-forbid-overwrite": "true",
    }
    assert (f"PUT {KEY} HTTP/1.1", expected) == sent(server)
    assert b'{"kind": "service"}' == server.bucket.seen[0].body


def test_a_read_from_oss(server):
    """A plain signed GET; no checksum is asked for."""
    server.bucket.objects[KEY[1:]] = b"{}"
    assert b"{}" == oss_store(server).read(NAME, 1)

    assert (f"GET {KEY} HTTP/1.1", {}) == sent(server)


def test_a_listing_of_oss(server):
    """The first version of the listing, a thousand at once instead of OSS' hundred."""
    assert [] == oss_store(server).versions(NAME)

    line, headers = sent(server)
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

    client = connect(server.endpoint, oss=True)
    request = {"Bucket": BUCKET, "Key": "k", "Body": b"{}", **options}
    with pytest.raises(ClientError) as caught:
        client.put_object(**request)

    assert code == caught.value.response["Error"]["Code"]


def test_the_judge_wants_version_2_and_the_bucket_in_the_host(server):
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
    assert expected == speaks_oss(endpoint, create_only)


def test_no_other_variable_names_the_endpoint(server, monkeypatch):
    """boto3's own variables for endpoints are not for this bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    oss_store(server).create(NAME, 1, b"{}")

    assert 1 == len(server.bucket.seen)
    assert "https://s3.amazonaws.com" == connect("", oss=False).meta.endpoint_url


def test_no_key_and_no_signature_in_the_log(server, caplog):
    """At level DEBUG, too, where boto3 would write what it signs."""
    with caplog.at_level(logging.DEBUG):
        store = oss_store(server)
        store.create(NAME, 1, b"{}")
        store.read(NAME, 1)
        server.bucket.failures.append((403, "AccessDenied"))
        with pytest.raises(StoreAway):
            store.versions(NAME)

    assert "bucket: ListObjects, AccessDenied" in caplog.messages
    told = caplog.text
    assert not any(word in told for word in (KEY_ID, KEY_SECRET, "AWS ", "Signature"))
