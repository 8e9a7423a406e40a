"""Documents in an S3-compatible bucket or in Aliyun OSS."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.bucket_client import (
    ANSWER_SECONDS,
    Dialect,
    code_of,
    connect,
    faults_of,
)
from runtime.documents.store import StoreAway, Stored, VersionExists, existing_ids

PROBE = "probes/create_only"

REPLACED = (
    "an object was replaced, so writers can destroy versions: on OSS versioning is on "
    "or suspended, elsewhere the store ignores If-None-Match; see S3_CREATE_ONLY"
)

_FILE = re.compile(r"([^/]+)/([1-9][0-9]*)\.json")

_ABSENT = ("NoSuchKey", "404")

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "FileAlreadyExists")


class BucketStore:
    """Immutable objects `{prefix}/{kind}/{id}/{version}.json`, never replaced.

    `url` is s3://bucket/prefix; an empty `endpoint` is Amazon's; the others are as in
    `Dialect`. boto3 is imported at the first use.
    """

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        create_only: str = "auto",
        addressing: str = "auto",
        signature: str = "v4",
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/".lstrip("/")
        self._dialect = Dialect(endpoint, create_only, addressing, signature)
        self._answer_seconds = answer_seconds
        self._made: Any = None
        self._lock = threading.Lock()

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind, sorted, without those that are removed."""
        return existing_ids(self.chains(kind))

    def chains(self, kind: str) -> dict[str, list[Stored]]:
        """Return the versions of all documents of a kind by id, oldest first."""
        chains: dict[str, list[Stored]] = {}
        for id_, stored in self._list(kind, f"{kind}/"):
            chains.setdefault(id_, []).append(stored)
        return {id_: sorted(chain, key=_number) for id_, chain in chains.items()}

    def history(self, name: str) -> list[Stored]:
        """Return the versions of `{kind}/{id}` with their dates, oldest first."""
        kind = name.partition("/")[0]
        found = self._list(kind, f"{name}/")
        return sorted((stored for _, stored in found), key=_number)

    def versions(self, name: str) -> list[int]:
        """Return the versions of `{kind}/{id}`, oldest first."""
        return [stored.version for stored in self.history(name)]

    def read(self, name: str, version: int) -> bytes:
        """Return a version's bytes; FileNotFoundError if there is none."""
        return self.read_object(f"{name}/{version}")

    def read_object(self, name: str) -> bytes:
        """Return the bytes of `{folder}/{name}.json`; FileNotFoundError if absent."""
        from botocore.exceptions import ClientError

        with faults_of("GetObject"):
            try:
                answer = self._client().get_object(**self._place(name))
                content: bytes = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    raise FileNotFoundError(name) from None
                raise
        return content

    def create(self, name: str, version: int, content: bytes) -> None:
        """Write a version whole and durably; VersionExists if it is there."""
        self.create_object(f"{name}/{version}", content)

    def create_object(self, name: str, content: bytes) -> None:
        """Write `{folder}/{name}.json` durably; VersionExists if it is there."""
        from botocore.exceptions import ClientError

        condition = {} if self._dialect.is_oss else {"IfNoneMatch": "*"}
        with faults_of("PutObject"):
            try:
                self._client().put_object(
                    Body=content,
                    ContentType="application/json",
                    **condition,
                    **self._place(name),
                )
            except ClientError as error:
                if code_of(error) not in _TAKEN:
                    raise
                # boto3 repeats a request whose answer was lost: the object that is in
                # the way may be our own.
                repeated = error.response["ResponseMetadata"].get("RetryAttempts", 0)
                if not repeated or self.read_object(name) != content:
                    raise VersionExists(name) from None

    def create_only_fault(self) -> str:
        """Try to replace an object; return what is wrong, "" if that is refused.

        The object stays, since the access key may delete nothing.
        """
        try:
            with suppress(VersionExists):
                self.create_object(PROBE, b"1")
            with suppress(VersionExists):
                self.create_object(PROBE, b"2")
                return REPLACED
        except StoreAway as error:
            return f"a version cannot be written: {error}"
        return ""

    def object_names(self, folder: str) -> list[str]:
        """Return the names of the objects right below a folder, sorted."""
        start = len(f"{self._prefix}{folder}/")
        names = (each["Key"][start:] for each in self._objects(f"{folder}/"))
        return sorted(
            name[:-5] for name in names if name.endswith(".json") and "/" not in name
        )

    def _list(self, kind: str, prefix: str) -> Iterator[tuple[str, Stored]]:
        start = len(f"{self._prefix}{kind}/")
        for each in self._objects(prefix):
            if file := _FILE.fullmatch(each["Key"][start:]):
                date = each["LastModified"].timestamp()
                yield file[1], Stored(int(file[2]), each["Size"], date)

    def _objects(self, prefix: str) -> list[dict[str, Any]]:
        # Not list_objects_v2: every S3-compatible store has this one, and its marker,
        # unlike the other's token, is outside OSS' signature rules.
        asked = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        sizes = {"PageSize": 1000}  # OSS' own default is 100
        with faults_of("ListObjects"):
            listing = self._client().get_paginator("list_objects")
            pages = list(listing.paginate(**asked, PaginationConfig=sizes))
        if not all("Name" in page for page in pages):
            # boto3 reads the HTML page of a proxy as a bucket without objects.
            raise StoreAway("ListObjects: no listing")
        return [each for page in pages for each in page.get("Contents", ())]

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{name}.json"}

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = connect(
                    self._dialect,
                    bucket=self._bucket,
                    answer_seconds=self._answer_seconds,
                )
        return self._made


def hosts_of_bucket(url: str, *, endpoint: str) -> list[tuple[str, int]]:
    """Return the hosts and ports of a bucket, by both names that it may have."""
    bucket = url.removeprefix("s3://").partition("/")[0]
    parts = urlsplit(endpoint or "https://s3.amazonaws.com")
    host, ports = parts.hostname or "", {80, 443, parts.port or 443}
    return [(name, port) for name in (host, f"{bucket}.{host}") for port in ports]


def _number(stored: Stored) -> int:
    return stored.version
