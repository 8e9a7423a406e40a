"""How to speak to which bucket: Amazon's S3 and its likes, or Aliyun OSS.

OSS takes the bucket in the host name only, answers 501 to If-None-Match on PUT and has
`x-oss-forbid-overwrite` instead, and takes neither checksums in trailers nor bodies in
signed chunks. For boto3 its documentation prescribes signature version 2, "s3".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.store import StoreAway

log = logging.getLogger("gateway.documents")

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
ATTEMPTS = 2


def speaks_oss(endpoint: str, create_only: str) -> bool:
    """Tell whether the endpoint is OSS, by its host where `create_only` is "auto"."""
    if create_only != "auto":
        return create_only == "oss"
    host = urlsplit(endpoint).hostname or ""
    return host.endswith(".aliyuncs.com")


def connect(endpoint: str, *, oss: bool) -> Any:
    """Return a boto3 client, safe in threads; keys come by boto3's own chain.

    An empty endpoint is Amazon's. Nothing is sent yet.
    """
    import boto3
    from botocore.config import Config

    # At level DEBUG it logs what it signs and the signature itself.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    dialect: dict[str, Any] = {}
    if oss:
        dialect = {"signature_version": "s3", "s3": {"addressing_style": "virtual"}}
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
        max_pool_connections=32,
        **dialect,
    )
    # A session of its own: making a client of boto3's default one is not thread-safe.
    session = boto3.session.Session()
    client = session.client("s3", endpoint_url=endpoint or None, config=config)
    if oss:
        client.meta.events.register("before-call.s3.PutObject", _forbid_overwrite)
    return client


@contextmanager
def faults_of(operation: str) -> Iterator[None]:
    """Turn what boto3 raises into StoreAway.

    The text is boto3's class or the store's code: their messages quote keys.
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


def _forbid_overwrite(params: dict[str, Any], **_: Any) -> None:
    params["headers"]["x-oss-forbid-overwrite"] = "true"
