"""Client of a bucket: boto3, in the dialect that the store at the endpoint takes.

Aliyun OSS takes Amazon's signature version 4 as long as no body is sent in signed
chunks: its rule for a PUT is the SHA-256 of the content in `x-amz-content-sha256`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from runtime.documents.bucket_codes import meaning_of
from runtime.documents.store import StoreAway

log = logging.getLogger("gateway.documents")

CONNECT_SECONDS = 2.0

ANSWER_SECONDS = 5.0

ATTEMPTS = 2

CNAME = "cname"

_OSS_HOST = re.compile(
    r"(?:.+\.)?oss-(?P<region>[a-z]{2}-[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com"
)

_ANY_REGION = "us-east-1"
"""What a signature names where the region is not known: OSS' own examples have it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The endpoint of a bucket, "" for Amazon's, and what it takes.

    `create_only` is "s3" (If-None-Match), "oss" (x-oss-forbid-overwrite) or "auto".
    `addressing` tells where the bucket's name stands: "virtual" is in the host, "path"
    in the path, "cname" in neither, since the host is bound to the bucket. `signature`
    is "v4" or "v2".
    """

    endpoint: str = ""
    create_only: str = "auto"
    addressing: str = "auto"
    signature: str = "v4"

    @property
    def is_oss(self) -> bool:
        """Tell whether it is OSS, by its host where `create_only` is "auto"."""
        if self.create_only != "auto":
            return self.create_only == "oss"
        return self._host.endswith(".aliyuncs.com")

    @property
    def style(self) -> str:
        """Return what boto3 calls the addressing style."""
        if self.addressing == CNAME:
            return "path"  # and the bucket is taken out of it before it is signed
        if self.addressing == "auto":
            return "virtual" if self.is_oss else "auto"
        return self.addressing

    @property
    def region(self) -> str | None:
        """Return the region that an OSS endpoint names; None leaves it to boto3."""
        found = _OSS_HOST.fullmatch(self._host)
        return found["region"] if found else None

    @property
    def _host(self) -> str:
        return (urlsplit(self.endpoint).hostname or "").lower()


def connect(
    dialect: Dialect, *, bucket: str = "", answer_seconds: float = ANSWER_SECONDS
) -> Any:
    """Return a thread-safe boto3 client; boto3 finds its keys in the usual places.

    `bucket` is the one that a "cname" is bound to. Nothing is sent yet.
    """
    import boto3
    from botocore.config import Config
    from botocore.session import get_session

    # At level DEBUG it logs what it signs and the signature itself.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    more: dict[str, Any] = {"addressing_style": dialect.style}
    if dialect.is_oss:
        more["payload_signing_enabled"] = True
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=answer_seconds,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
        max_pool_connections=32,
        signature_version={"v2": "s3", "v4": "s3v4"}[dialect.signature],
        s3=more,
    )
    # A session of its own: making a client of boto3's default one is not thread-safe.
    core = get_session()
    dates = core.get_component("response_parser_factory")
    dates.set_parser_defaults(timestamp_parser=_date)
    session = boto3.session.Session(botocore_session=core)
    region = dialect.region or session.region_name
    if dialect.endpoint and not region:
        region = _ANY_REGION
    client = session.client(
        "s3", endpoint_url=dialect.endpoint or None, config=config, region_name=region
    )
    events = client.meta.events
    if dialect.is_oss:
        events.register("before-call.s3.PutObject", _forbid_overwrite)
    if dialect.addressing == CNAME:
        events.register("before-sign.s3", partial(_without_bucket, bucket))
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
    meaning = meaning_of(reason)
    log.warning("bucket: %s, %s%s", operation, reason, meaning and f": {meaning}")
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


def _without_bucket(bucket: str, request: Any, **_: Any) -> None:
    """Take the bucket's name out of the path; signature version 2 still names it."""
    parts = urlsplit(request.url)
    path = parts.path.removeprefix(f"/{bucket}") or "/"
    request.url = urlunsplit(parts._replace(path=path))
