"""boto3 as the archive has it: enough for a bucket in OSS and in S3."""

from __future__ import annotations

import json
import subprocess

import pytest

from deploy.package.target import FOR_FUN
from tests.support.oss_server import BUCKET, KEY_ID, KEY_SECRET, OssServer

PROGRAM = """
import json, socket, sys
code, site, bucket, port = sys.argv[1:]
sys.path[:0] = [code]
sys.path.append(site)
find = socket.getaddrinfo
def local(host, *more, **options):
    known = str(host).endswith(".aliyuncs.com")
    return find("127.0.0.1" if known else host, *more, **options)
socket.getaddrinfo = local
from runtime.documents.bucket_client import Dialect, connect
from runtime.documents.bucket import BucketStore
from runtime.documents.store import VersionExists
endpoint = f"http://oss-cn-hangzhou.aliyuncs.com:{port}"
store = BucketStore(f"s3://{bucket}/wechat/config", endpoint=endpoint)
store.create("apps/a", 1, b"{}")
try:
    store.create("apps/a", 1, b"other")
except VersionExists:
    told = ["exists"]
told += [store.ids("apps"), store.versions("apps/a"), store.read("apps/a", 1).decode()]
amazons = connect(Dialect())
asked = {"Bucket": bucket, "Key": "apps/a/1.json"}
url = amazons.generate_presigned_url("get_object", Params=asked)
told.append(url.partition("?")[0])
print(json.dumps(told))
import boto3, botocore
assert boto3.__file__.startswith(site) and botocore.__file__.startswith(site)
"""


@pytest.fixture
def server():
    running = OssServer()
    yield running
    running.stop()


def test_documents_in_a_bucket(built, python310, server):
    """Documents are written create-only, listed and read with OSS and S3."""
    code = built / ".fun/build/code"
    done = subprocess.run(
        [
            *(python310, "-I", "-S", "-W", "error", "-c", PROGRAM),
            *(code, code / FOR_FUN.site, BUCKET, str(server.port)),
        ],
        env={
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "HOME": "/nonexistent",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    amazons = f"https://{BUCKET}.s3.amazonaws.com/apps/a/1.json"
    assert ["exists", ["a"], [1], "{}", amazons] == json.loads(done.stdout)
