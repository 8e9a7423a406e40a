"""A bucket of Aliyun OSS on a loopback port, as strict as the real one where it counts.

It takes what OSS' pages on its S3 interface say it takes, and refuses the rest: the
bucket in the host name, or a host that is bound to it; signature version 2, or version
4 with the SHA-256 of each body; no If-None-Match on PUT, no checksum headers, no bodies
in signed chunks. moto takes all of these.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "gateway-documents"
ENDPOINT_HOST = "oss-cn-hangzhou.aliyuncs.com"
KEY_ID, KEY_SECRET = "LTAI5tExampleKeyId", "ExampleKeySecretOfThirtyCharac"
REFUSED = ("content-encoding", "transfer-encoding")
PAGE = 50  # 1000 at the real one
DATE = "2026-03-01T10:00:00.000Z"


@dataclass
class Seen:
    """A request as it came over the wire."""

    line: str
    headers: dict
    body: bytes


@dataclass
class Bucket:
    """What the server keeps, what it saw, and how it is to misbehave next."""

    objects: dict = field(default_factory=dict)
    seen: list = field(default_factory=list)
    lost_answers: int = 0
    failures: list = field(default_factory=list)
    silent_seconds: float = 0.0
    answered: int = 0
    listing: str | None = None
    bound_host: str = ""
    """A host of which every request is for the bucket."""
    versions: tuple = ("v2", "v4")
    """Of the signatures that it takes."""
    versioning: bool = False
    """Whether it is on: then OSS ignores the header that protects a version."""
    is_gone: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Refused(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    bucket: Bucket

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(self._read)

    def do_PUT(self):
        self._answer(self._write)

    def _answer(self, act):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # A client that was told to take us for a proxy names the host once more.
        self.path = re.sub(r"^http://[^/]+", "", self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.bucket.seen.append(Seen(self.requestline, headers, body))
        time.sleep(self.bucket.silent_seconds)
        self.bucket.answered += 1
        try:
            if self.bucket.failures:
                raise Refused(*self.bucket.failures.pop(0))
            self._check(headers, body)
            status, answer = act(headers, body)
        except Refused as refused:
            status, code = refused.args
            answer = _error(code, headers.get("host", "")).encode()
        if self.command == "PUT" and self.bucket.lost_answers:
            self.bucket.lost_answers -= 1
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _check(self, headers, body):
        host = headers["host"].partition(":")[0]
        if host not in (f"{BUCKET}.{ENDPOINT_HOST}", self.bucket.bound_host):
            raise Refused(403, "SecondLevelDomainForbidden")
        if any(name in headers for name in REFUSED) or "-chunked" in str(headers):
            raise Refused(400, "InvalidArgument")
        if any("checksum" in name or "trailer" in name for name in headers):
            raise Refused(400, "InvalidArgument")
        given = headers.get("authorization", "")
        is_v4 = given.startswith("AWS4-HMAC-SHA256 ")
        if ("v4" if is_v4 else "v2") not in self.bucket.versions:
            raise Refused(403, "SignatureDoesNotMatch")
        if is_v4:
            digest = hashlib.sha256(body).hexdigest()
            if headers.get("x-amz-content-sha256") != digest:
                raise Refused(400, "InvalidArgument")
        made = self._signature_v4(headers) if is_v4 else self._signature(headers)
        if given != made:
            raise Refused(403, "SignatureDoesNotMatch")
        if self.bucket.is_gone:
            raise Refused(404, "NoSuchBucket")

    def _signature_v4(self, headers):
        """Amazon's signature version 4 of this request, in the scope that it names."""
        given = dict(re.findall(r"(\w+)=([^, ]+)", headers["authorization"]))
        day, region, service, end = given["Credential"].split("/")[1:]
        assert (service, end) == ("s3", "aws4_request"), given
        names = given["SignedHeaders"].split(";")
        assert {"host", "x-amz-content-sha256", "x-amz-date"} <= set(names), names
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        pairs = sorted((quote(k, ""), quote(v[0], "")) for k, v in query.items())
        lines = [
            *(self.command, parts.path, "&".join(f"{k}={v}" for k, v in pairs)),
            *(f"{name}:{headers[name].strip()}" for name in names),
            *("", ";".join(names), headers["x-amz-content-sha256"]),
        ]
        scope = f"{day}/{region}/{service}/{end}"
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = "\n".join(
            ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest]
        ).encode()
        key = f"AWS4{KEY_SECRET}".encode()
        for each in (day, region, service, end):
            key = hmac.digest(key, each.encode(), "sha256")
        signature = hmac.new(key, text, hashlib.sha256).hexdigest()
        return (
            f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}"
        )

    def _signature(self, headers):
        """Amazon's signature version 2 of this request."""
        lines = [
            self.command,
            headers.get("content-md5", ""),
            headers.get("content-type", ""),
            headers.get("date", ""),
            *(f"{n}:{headers[n]}" for n in sorted(headers) if n.startswith("x-amz-")),
            f"/{BUCKET}{urlsplit(self.path).path}",
        ]
        text = "\n".join(lines).encode()
        digest = hmac.new(KEY_SECRET.encode(), text, hashlib.sha1).digest()
        return f"AWS {KEY_ID}:{base64.b64encode(digest).decode()}"

    def _write(self, headers, body):
        if "if-none-match" in headers or "if-match" in headers:
            raise Refused(501, "NotImplemented")
        key = unquote(self.path[1:])
        with self.bucket.lock:
            careful = headers.get("x-oss-forbid-overwrite") == "true"
            careful = careful and not self.bucket.versioning
            if careful and key in self.bucket.objects:
                raise Refused(409, "FileAlreadyExists")
            self.bucket.objects[key] = body
        return 200, b""

    def _read(self, headers, body):
        target = urlsplit(self.path)
        if target.path == "/":
            listing = self.bucket.listing
            if listing is None:
                listing = self._listing(parse_qs(target.query))
            return 200, listing.encode()
        try:
            return 200, self.bucket.objects[unquote(target.path[1:])]
        except KeyError:
            raise Refused(404, "NoSuchKey") from None

    def _listing(self, query):
        prefix, marker = query["prefix"][0], query.get("marker", [""])[0]
        most = min(int(query.get("max-keys", ["100"])[0]), PAGE)
        with self.bucket.lock:
            sizes = {key: len(body) for key, body in self.bucket.objects.items()}
        keys = sorted(k for k in sizes if k.startswith(prefix) and k > marker)
        page, more = keys[:most], len(keys) > most
        contents = "".join(
            f"<Contents><Key>{escape(quote(key))}</Key><Size>{sizes[key]}</Size>"
            f"<LastModified>{DATE}</LastModified></Contents>"
            for key in page
        )
        following = f"<NextMarker>{quote(page[-1])}</NextMarker>" if more else ""
        return (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>"
            f"<Name>{BUCKET}</Name><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{following}{contents}</ListBucketResult>"
        )


def _error(code, host):
    return (
        "<?xml version='1.0' encoding='UTF-8'?><Error>"
        f"<Code>{code}</Code><Message>refused, key {KEY_ID}</Message>"
        f"<HostId>{host}</HostId><OSSAccessKeyId>{KEY_ID}</OSSAccessKeyId></Error>"
    )


class OssServer:
    """The bucket on a free port, and the endpoint under which boto3 finds it."""

    def __init__(self):
        self.bucket = Bucket()
        handler = type("Bound", (Handler,), {"bucket": self.bucket})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.endpoint = f"http://{ENDPOINT_HOST}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
