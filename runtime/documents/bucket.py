"""Documents in an S3-compatible bucket or in Aliyun OSS."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.store import StoreAway, Stored, VersionExists, existing_ids

log = logging.getLogger("gateway.documents")

CONNECT_SECONDS = 2.0

ANSWER_SECONDS = 5.0

ATTEMPTS = 2


_FILE = re.compile(r"([^/]+)/([1-9][0-9]*)\.json")

_ABSENT = ("NoSuchKey", "404")

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "FileAlreadyExists")


class BucketStore:
    """Immutable objects `{prefix}/{kind}/{id}/{version}.json`, never replaced.

    `url` is s3://bucket/prefix; an empty `endpoint` is Amazon's; `create_only` is
    "s3" (If-None-Match), "oss" (x-oss-forbid-overwrite) or "auto". boto3 is imported
    at the first use.
    """

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        create_only: str = "auto",
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/".lstrip("/")
        self._endpoint = endpoint
        self._oss = speaks_oss(endpoint, create_only)
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

        condition = {} if self._oss else {"IfNoneMatch": "*"}
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
                    self._endpoint, oss=self._oss, answer_seconds=self._answer_seconds
                )
        return self._made


def hosts_of_bucket(url: str, *, endpoint: str) -> list[tuple[str, int]]:
    """Return the hosts and ports of a bucket, by both names that it may have."""
    bucket = url.removeprefix("s3://").partition("/")[0]
    parts = urlsplit(endpoint or "https://s3.amazonaws.com")
    host, ports = parts.hostname or "", {80, 443, parts.port or 443}
    return [(name, port) for name in (host, f"{bucket}.{host}") for port in ports]


def speaks_oss(endpoint: str, create_only: str) -> bool:
    """Tell whether the endpoint is OSS, by its host where `create_only` is "auto"."""
    if create_only != "auto":
        return create_only == "oss"
    host = urlsplit(endpoint).hostname or ""
    return host.endswith(".aliyuncs.com")


def connect(endpoint: str, *, oss: bool, answer_seconds: float = ANSWER_SECONDS) -> Any:
    """Return a thread-safe boto3 client; boto3 finds its keys in the usual places.

    An empty endpoint is Amazon's. Nothing is sent yet.
    """
    import boto3
    from botocore.config import Config
    from botocore.session import get_session

    # At level DEBUG it logs what it signs and the signature itself.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    dialect: dict[str, Any] = {}
    if oss:
        dialect = {"signature_version": "s3", "s3": {"addressing_style": "virtual"}}
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=answer_seconds,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
        max_pool_connections=32,
        **dialect,
    )
    # A session of its own: making a client of boto3's default one is not thread-safe.
    core = get_session()
    dates = core.get_component("response_parser_factory")
    dates.set_parser_defaults(timestamp_parser=_date)
    session = boto3.session.Session(botocore_session=core)
    client = session.client("s3", endpoint_url=endpoint or None, config=config)
    if oss:
        client.meta.events.register("before-call.s3.PutObject", _forbid_overwrite)
    return client


@contextmanager
def faults_of(operation: str) -> Iterator[None]:
    """Raise StoreAway for any error of boto3.

    Its text is the name of boto3's class or the store's code: messages quote keys.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _away(operation, code_of(error)) from None
    except BotoCoreError as error:
        raise _away(operation, type(error).__name__) from None


def code_of(error: Any) -> str:
    """Return the store's own code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _away(operation: str, reason: str) -> StoreAway:
    log.warning("bucket: %s, %s", operation, reason)
    return StoreAway(f"{operation}: {reason}")


def _date(value: Any) -> datetime:
    # botocore tries several forms: of a listing of a thousand that takes 0.1 s.
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (ValueError, AttributeError):
        from botocore.utils import parse_timestamp

        parsed: datetime = parse_timestamp(value)
        return parsed


def _forbid_overwrite(params: dict[str, Any], **_: Any) -> None:
    params["headers"]["x-oss-forbid-overwrite"] = "true"


def _number(stored: Stored) -> int:
    return stored.version
