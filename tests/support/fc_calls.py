"""Requests as Function Compute brings them, in both of its forms."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from types import SimpleNamespace

REQUEST_ID = "11112222-3333-4444-5555-666677778888"


def make_context(request_id=REQUEST_ID):
    """Return what FC passes as fc.context, or as the second argument of an event."""
    return SimpleNamespace(request_id=request_id)


def make_environ_fc(
    *,
    method="GET",
    path="/",
    query=None,
    prefix="",
    headers=(),
    body=b"",
    decoded_path=None,
    peer_ip="192.0.2.1",
    context=None,
):
    """Return the environ of FC 2.0's runtime, which starts as a copy of os.environ.

    `prefix` is that of FC's default form of address: in fc.request_uri only. A name
    in `headers` may repeat; FC joins with a comma, Cookie too.
    """
    uri = prefix + path + ("" if query is None else f"?{query}")
    environ = {
        **os.environ,
        "HTTP": "on",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "FCRUNTIME",
        "SERVER_PORT": "9000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "FCRUNTIME/1.0",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/octet-stream",
        "QUERY_STRING": query or "",
        "REQUEST_METHOD": method,
        "PATH_INFO": path if decoded_path is None else decoded_path,
        "REMOTE_ADDR": peer_ip,
        "HTTP_X_FC_FUNCTION_HANDLER": "functions/login/index.handler",
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "fc.request_uri": uri,
        "fc.context": context or make_context(),
    }
    for name, value in joined(headers).items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


def make_event_fc(
    *,
    method="GET",
    path="/",
    parameters=(),
    headers=(),
    body=b"",
    text_body=False,
    peer_ip="192.0.2.1",
):
    """Return the event of FC 3.0's HTTP trigger, its flat maps joined with commas."""
    event = {
        "version": "v1",
        "rawPath": path,
        "body": body.decode() if text_body else base64.b64encode(body).decode(),
        "isBase64Encoded": not text_body,
        "headers": joined(headers),
        "queryParameters": joined(parameters),
        "requestContext": {
            "accountId": "1234567890123456",
            "domainName": "gateway.example.com",
            "domainPrefix": "gateway",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer_ip,
                "userAgent": "test",
            },
            "requestId": REQUEST_ID,
            "time": "2027-01-15T08:00:00Z",
            "timeEpoch": "1800000000000",
        },
    }
    return json.dumps(event).encode()


def joined(pairs):
    """Return the pairs as FC's flat map: values of one name joined with a comma."""
    flat = {}
    for name, value in pairs:
        flat[name] = f"{flat[name]},{value}" if name in flat else value
    return flat


class Wsgi:
    """A start_response that keeps what it was told."""

    def __init__(self):
        self.status = None
        self.headers = None

    def __call__(self, status, headers, exc_info=None):
        self.status, self.headers = status, headers


def call_wsgi(handler, environ):
    """Return (status, header pairs, body) of a call in FC 2.0's form."""
    started = Wsgi()
    body = b"".join(handler(environ, started))
    return int(started.status.split()[0]), started.headers, body


def call_event(handler, event):
    """Return (status, header pairs, body) of a call in FC 3.0's form."""
    answer = json.loads(json.dumps(handler(event, make_context())))
    body = answer["body"]
    body = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
    return answer["statusCode"], list(answer["headers"].items()), body
