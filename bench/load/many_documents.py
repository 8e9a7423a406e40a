"""Thousands of documents in a bucket, and their copies in Redis."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.load.site import APP_SECRET, base_settings
from bench.load.testbed import Testbed
from runtime.crypto.envelope import Envelope
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.secret_fields import SecretFields
from runtime.gateway import Gateway
from runtime.registry.schema import app_document, client_document
from runtime.settings import settings_from

BUCKET_MS = 15.0

COPIES_DUE = 31.0
"""Seconds after which a copy is compared with the bucket."""

DATABASES = 16
"""Of a redis-server: the first is filled, and each measured process gets a copy."""

THREADS = 8


def apps(count: int) -> Mapping[str, Mapping[str, Any]]:
    """Return the documents of so many apps by name, `apps/{appid}`."""
    fields = {"kind": "service", "secret": APP_SECRET}
    ids = [f"wx{number:016x}" for number in range(count)]
    return {f"apps/{appid}": app_document(appid, fields) for appid in ids}


def public_clients(count: int) -> Mapping[str, Mapping[str, Any]]:
    """Return the documents of so many public clients, each with its own origin."""
    documents = {}
    for number in range(count):
        client_id = f"page-{number}"
        fields = {
            "name": client_id,
            "scopes": {},
            "secret_hashes": [],
            "public": True,
            "origins": [origin(number)],
        }
        documents[f"clients/{client_id}"] = client_document(client_id, fields)
    return documents


def origin(number: int) -> str:
    """Return the origin of a public client."""
    return f"https://page-{number}.example.com"


class ManyDocuments:
    """Deployments whose documents are in a bucket, each under its own prefix."""

    def __init__(self, testbed: Testbed) -> None:
        self.bucket = testbed.start("bench.load.bucket", str(BUCKET_MS))
        self._folder: Path = testbed.folder
        self._settings = base_settings(
            testbed.folder, testbed.redis_url, testbed.wechat.url
        )

    def settings(self, prefix: str, redis_url: str) -> dict[str, str]:
        """Return the settings of a deployment with this prefix and this Redis."""
        return {
            **self._settings,
            "REDIS_URL": redis_url,
            "CONFIG_URL": f"s3://documents/{prefix}",
            "S3_ENDPOINT_URL": self.bucket.url,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nobody",
            "AWS_DEFAULT_REGION": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def write(
        self, prefix: str, redis_url: str, documents: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write documents to the bucket, and copies to Redis."""
        gateway = Gateway(settings_from(self.settings(prefix, redis_url)))
        fields = SecretFields(Envelope(gateway.settings.master_keys))
        sealed = {name: fields.seal(name, each) for name, each in documents.items()}
        file = self._folder / f"{prefix}.json"
        texts = {f"{prefix}/{name}/1.json": sealed[name].decode() for name in sealed}
        file.write_text(json.dumps(texts), encoding="utf-8")
        self.bucket.order(fill=str(file))
        copies = DocumentCopies(gateway.redis_store)
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(
                lambda name: copies.put(name, 1, sealed[name]), sealed
            ):
                pass


def move_keys(redis_url: str, databases: Iterable[int]) -> None:
    """Copy all keys to each of these databases, and remove them from their own."""
    from redis import Redis

    with Redis.from_url(redis_url) as client:
        keys = client.keys()
        for database in databases:
            with client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.copy(key, key, destination_db=database)
                pipeline.execute()
        client.flushdb()
