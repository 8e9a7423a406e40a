"""The audit log of calls of the function admin."""

from __future__ import annotations

import json
import logging

import pytest

from functions.admin.index import handler
from runtime.documents.bucket import BucketStore
from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from tests.runtime.documents.document_stores import s3, use_keys
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.oss_server import BUCKET
from tests.support.scripted_wechat import CLIENT_SECRET

SIGNED = ("authorization", "FC AKoperator:c2lnbmF0dXJl")


@pytest.fixture
def post(gateway):
    over = handler.with_gateway(gateway)

    def run(path, content=None, *, headers=(SIGNED,)):
        environ = make_environ_fc(
            method="POST",
            path=path,
            headers=[("content-type", "application/json"), *headers],
            body=json.dumps(content or {}).encode(),
        )
        status, _, answer = call_wsgi(over, environ)
        return status, json.loads(answer)

    return run


@pytest.fixture
def acts(gateway):
    """Return the acts of the gateway's day."""

    def run():
        audit = gateway.documents.audit
        days = {f"{each.parent.name}" for each in _files(gateway)}
        return [audit.read(name) for day in sorted(days) for name in audit.of_day(day)]

    return run


def _files(gateway):
    from pathlib import Path

    root = Path(gateway.settings.config_url.removeprefix("file:"))
    return list(root.glob("audit/*/*.json"))


def test_the_key_of_the_signature_is_who(post, acts):
    """With the address, the request and what it changed; a list leaves nothing."""
    post("/admin/client/list")
    post("/admin/client/disable", {"client_id": "demo"})
    (act,) = acts()

    assert {
        "who": "AKoperator",
        "way": "admin",
        "noun": "client",
        "verb": "disable",
        "names": {"client_id": "demo"},
        "outcome": "done",
    }.items() <= act.items()
    assert act["from"]
    assert act["request_id"]
    (change,) = act["changes"]
    assert ("clients/demo", 2) == (change["document"], change["version"])
    assert True is change["after"]["disabled"]


def test_without_a_signature_in_sight(post, acts):
    """A platform may not pass the header on: who is `-`."""
    post("/admin/key/rotate", headers=())

    assert ["-"] == [act["who"] for act in acts()]


def test_neither_signature_nor_secret_is_in_it(post, gateway):
    """Of calls that pass one in a wrong place, too."""
    _, made = post("/admin/client/rotate", {"client_id": "demo"})
    post("/admin/client/disable", {"client_id": CLIENT_SECRET})
    text = "".join(each.read_text() for each in _files(gateway))

    assert made["secret"]
    for hush in (made["secret"], CLIENT_SECRET, "c2lnbmF0dXJl"):
        assert hush not in text


def test_an_internal_error_stands_in_it(post, acts, gateway, monkeypatch):
    """The act has begun, and it has an outcome."""

    def broken(*_):
        raise RuntimeError("hush")

    monkeypatch.setattr(gateway.documents, "read", broken)
    status, _ = post("/admin/client/disable", {"client_id": "demo"})

    assert (500, ["internal_error"]) == (status, [each["outcome"] for each in acts()])


def test_a_store_that_refuses_it(post, gateway, monkeypatch, caplog):
    """503, nothing is changed, and the log line says so as well."""
    caplog.set_level(logging.INFO)

    def refused(self, name, content):
        raise StoreAway("PutObject: AccessDenied")

    monkeypatch.setattr(FolderStore, "create_object", refused)
    status, answer = post("/admin/client/disable", {"client_id": "demo"})

    assert (503, "temporarily_unavailable") == (status, answer["error"])
    assert "PutObject: AccessDenied" in answer["message"]
    assert 1 == gateway.documents.version("clients", "demo")
    assert "AKoperator client disable demo: temporarily_unavailable" in caplog.text


def test_in_a_bucket(post, gateway, monkeypatch):
    """Below its prefix; where the bucket's policy refuses it, nothing is done."""
    use_keys(monkeypatch)
    with s3(monkeypatch):
        import boto3

        store = BucketStore(f"s3://{BUCKET}/wechat/config")
        monkeypatch.setattr(gateway.documents, "_store", store)
        status, _ = post("/admin/key/rotate")
        client = boto3.client("s3")
        found = client.list_objects(Bucket=BUCKET)["Contents"]
        keys = [each["Key"] for each in found]
        assert 200 == status
        assert 2 == len(keys)
        assert all(key.startswith("wechat/config/audit/20") for key in keys)

        client.delete_objects(
            Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]}
        )
        client.delete_bucket(Bucket=BUCKET)
        status, answer = post("/admin/key/rotate")
        assert (503, True) == (status, "NoSuchBucket" in answer["message"])
