"""Answers with the environ it was called with, as JSON."""

import hashlib
import json

NOT_FOR_JSON = ("wsgi.input", "wsgi.errors", "fc.context")


def handler(environ, start_response):
    body = environ["wsgi.input"].read()
    shown = {name: value for name, value in environ.items() if name not in NOT_FOR_JSON}
    shown["body"] = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    shown["request_id"] = environ["fc.context"].request_id
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]
