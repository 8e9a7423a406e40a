"""The places for documents that the tests of documents run on."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import boto3
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from runtime.documents.bucket import BucketStore
from runtime.documents.folder import FolderStore
from tests.support.oss_server import BUCKET, KEY_ID, KEY_SECRET, OssServer

KINDS = ("folder", "s3", "oss")


@contextmanager
def store_of(kind, *, tmp_path, monkeypatch):
    """Give an empty store of this kind."""
    if kind == "folder":
        yield FolderStore(tmp_path / "config")
        return
    use_keys(monkeypatch)
    if kind == "s3":
        with s3(monkeypatch):
            yield BucketStore(f"s3://{BUCKET}/wechat/config")
    else:
        with oss(monkeypatch) as server:
            yield oss_store(server)


@contextmanager
def s3(monkeypatch):
    """Play Amazon's S3, which does one conditional write of a key after the other."""
    act, lock = BotocoreStubber.process_request, threading.Lock()

    def one_at_a_time(self, request):
        with lock:
            return act(self, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", one_at_a_time)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield


@contextmanager
def oss(monkeypatch):
    """Serve OSS on loopback, under its own host names."""
    server = OssServer()
    find = socket.getaddrinfo

    def local(host, *more, **options):
        known = str(host).endswith(".aliyuncs.com")
        return find("127.0.0.1" if known else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local)
    try:
        yield server
    finally:
        server.stop()


def oss_store(server, **more):
    url = f"s3://{BUCKET}/wechat/config"
    return BucketStore(url, endpoint=server.endpoint, **more)


def use_keys(monkeypatch):
    """Let boto3 find these keys, and nothing of whoever runs the tests."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY_SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("NO_PROXY", "*")
