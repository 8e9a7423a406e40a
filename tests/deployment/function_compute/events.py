"""Events, by which FC 3.0 calls for an HTTP trigger, and every version for a timer."""

from __future__ import annotations

import base64
import json
import time
import uuid
from urllib.parse import parse_qsl, unquote, urlsplit


def tick(instance, *, name, payload=""):
    """Return what a timer trigger's function answered."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {"triggerTime": now, "triggerName": name, "payload": payload}
    return instance.call("event", body=json.dumps(event).encode())


def request(instance, method, target, *, headers=(), body=b""):
    """Return status, headers by name and body of an HTTP request in FC 3.0's form."""
    told = instance.call(
        "event", body=json.dumps(event_of(method, target, headers, body)).encode()
    )
    assert "error" not in told, told
    return answer_of(told)


def answer_of(told):
    """Return status, headers by name and body of what a function answered."""
    answer = json.loads(told["result"])
    assert set(answer) <= {"statusCode", "headers", "isBase64Encoded", "body"}
    assert all(isinstance(each, str) for each in answer["headers"].values())
    raw = answer["body"]
    return (
        answer["statusCode"],
        answer["headers"],
        base64.b64decode(raw) if answer["isBase64Encoded"] else raw.encode(),
    )


def event_of(method, target, headers, body):
    """Return the event of an HTTP request."""
    parts = urlsplit(target)
    query = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return {
        "version": "v1",
        "rawPath": parts.path,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
        "headers": dict(headers),
        "queryParameters": {name: ",".join(each) for name, each in query.items()},
        "requestContext": {
            "accountId": "1234567890123456",
            "domainName": "gateway.example.com",
            "domainPrefix": "gateway",
            "http": {
                "method": method,
                "path": unquote(parts.path),
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "deployment test",
            },
            "requestId": str(uuid.uuid4()),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "timeEpoch": str(int(time.time() * 1000)),
        },
    }
