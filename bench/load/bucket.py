"""Bucket in memory that answers after a delay: `python -m bench.load.bucket MS`.

It answers what the config service asks of S3: ListObjects by prefix and marker,
GetObject and a create-only PutObject, with the bucket's name in the path. It does not
check signatures.

The order {"fill": FILE} adds the objects of a JSON file, {key: text}, and returns how
many there are; {} returns the requests since the last order, and resets them.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from bench.load.http_connection import HttpConnection, HttpRequest
from bench.load.orders import serve

_XML = "Content-Type: application/xml\r\n"
_OBJECT = (
    "<Contents><Key>{}</Key><LastModified>2026-11-22T12:00:00.000Z</LastModified>"
    "<Size>{}</Size></Contents>"
)


class Bucket:
    """The objects, and the number of requests since the last order."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.requests = 0
        self.objects: dict[str, bytes] = {}
        self._keys: list[str] = []

    def obey(self, order: Any) -> int:
        """Add objects, or return the count."""
        if "fill" in order:
            texts = json.loads(Path(order["fill"]).read_text("utf-8"))
            self.objects |= {key: text.encode() for key, text in texts.items()}
            self._keys = sorted(self.objects)
            return len(self.objects)
        requests, self.requests = self.requests, 0
        return requests

    def create(self, key: str, content: bytes) -> bool:
        """Create an object; return False if it exists."""
        if key in self.objects:
            return False
        self.objects[key] = content
        bisect.insort(self._keys, key)
        return True

    def page(self, pairs: dict[str, str]) -> str:
        """Return a page of a listing."""
        prefix, marker = pairs.get("prefix", ""), pairs.get("marker", "")
        most = int(pairs.get("max-keys", "1000"))
        start = bisect.bisect_left(self._keys, prefix)
        if marker:
            start = max(start, bisect.bisect_right(self._keys, marker))
        found = self._keys[start : start + most + 1]
        found = [key for key in found if key.startswith(prefix)]
        more, found = len(found) > most, found[:most]
        objects = (_OBJECT.format(quote(k), len(self.objects[k])) for k in found)
        following = f"<NextMarker>{quote(found[-1])}</NextMarker>" if more else ""
        return (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult><Name>bench</Name>"
            f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}"
            f"</IsTruncated>{following}{''.join(objects)}</ListBucketResult>"
        )


class BucketConnection(HttpConnection):
    """A connection of boto3."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__()
        self._bucket = bucket

    def answer(self, request: HttpRequest) -> None:
        """Count the request, and answer it after the delay."""
        self._bucket.requests += 1
        loop = asyncio.get_running_loop()
        loop.call_later(self._bucket.delay, self._write, request)

    def _write(self, request: HttpRequest) -> None:
        target, bucket = urlsplit(request.target), self._bucket
        key = unquote(target.path).lstrip("/").partition("/")[2]
        if request.method == "PUT":
            if bucket.create(key, bytes(request.body)):
                self.write("200 OK", _XML, b"")
            else:
                self._refuse("412 Precondition Failed", "PreconditionFailed")
        elif not key:
            page = bucket.page(dict(parse_qsl(target.query)))
            self.write("200 OK", _XML, page.encode())
        elif key in bucket.objects:
            self.write("200 OK", "", bucket.objects[key])
        else:
            self._refuse("404 Not Found", "NoSuchKey")

    def _refuse(self, status: str, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
        self.write(status, _XML, body.encode())


async def main(milliseconds: str) -> None:
    """Serve until stdin ends."""
    bucket = Bucket(float(milliseconds) / 1000)
    await serve(lambda: BucketConnection(bucket), bucket.obey)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
