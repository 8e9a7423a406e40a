"""Function Compute's two APIs for asynchronous invocations, as strict as its pages say.

Own words for both signatures: a helper that the gateway shared would share its faults.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from calendar import timegm
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep, strptime, time
from types import SimpleNamespace
from urllib.parse import unquote

KEY_ID, KEY_SECRET, TOKEN = "STS.NTtheRole", "SecretOfTheRole", "CAISTokenOfTheRole+/="
ACCOUNT, REGION = "1234567890123456", "cn-hangzhou"
WINDOW = 15 * 60
OLD = re.compile(r"/2016-08-15/services/([\w-]+)/functions/([\w-]+)/invocations")
NEW = re.compile(r"/2023-03-30/functions/([\w-]+)/invocations")
NAMED = {
    *("host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"),
    *("x-acs-content-sha256", "x-acs-security-token", "x-fc-invocation-type"),
}


def context_of(function="wechat_event", *, fc=2, **changes):
    """Return what a function of the deployment is called with."""
    is_old = fc == 2
    name = function if is_old else f"wechat_gateway_{function}"
    credentials = {
        "access_key_id": KEY_ID,
        "access_key_secret": KEY_SECRET,
        "security_token": TOKEN,
        **changes,
    }
    return SimpleNamespace(
        request_id="r",
        credentials=SimpleNamespace(**credentials),
        function=SimpleNamespace(name=name, handler=f"functions/{function}/i.handler"),
        service=SimpleNamespace(name="wechat_gateway" if is_old else ""),
        account_id=ACCOUNT,
        region=REGION,
    )


class Refused(Exception):
    """A request that the platform refuses with this status and code."""


@dataclass
class InvocationApi:
    """What arrived, and how it answers; `rights` are functions that may be started."""

    port: int
    rights: set = field(default_factory=lambda: {"deliver", "wechat_gateway_deliver"})
    started: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    delay: float = 0.0
    status: int = 202
    body: bytes = b""
    nonces: set = field(default_factory=set)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def answer(self, method, path, headers, body):
        """Return status and body, and note what was started or refused."""
        sleep(self.delay)
        try:
            function = self._checked(method, path, headers, body)
        except Refused as refused:
            status, code = refused.args
            self.refused.append(code)
            told = {"ErrorCode": code, "Code": code, "RequestId": "r"}
            return status, json.dumps(told).encode()
        if self.status == 202:
            self.started.append(function)
        return self.status, self.body

    def _checked(self, method, path, headers, body):
        if found := OLD.fullmatch(path):
            _check_old_signature(method, path, headers)
            function = found[2]
        elif found := NEW.fullmatch(path):
            self._check_new_signature(method, path, headers, body)
            function = found[1]
        else:
            raise Refused(404, "PathNotSupported")
        if headers.get("x-fc-invocation-type") != "Async" or method != "POST":
            raise Refused(400, "InvalidArgument")
        if function not in self.rights:
            raise Refused(403, "AccessDenied")
        return function

    def _check_new_signature(self, method, path, headers, body):
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(each.split("=", 1) for each in rest.split(","))
        names = parts["SignedHeaders"].split(";")
        if scheme != "ACS3-HMAC-SHA256" or not set(names) >= NAMED:
            raise Refused(400, "IncompleteSignature")
        if names != sorted(names):
            raise Refused(400, "IncompleteSignature")
        if parts["Credential"] != KEY_ID or headers["x-acs-security-token"] != TOKEN:
            raise Refused(403, "InvalidAccessKeyId.NotFound")
        if hashlib.sha256(body).hexdigest() != headers["x-acs-content-sha256"]:
            raise Refused(400, "SignatureDoesNotMatch")
        request = [method, path, ""]
        request += [f"{name}:{headers[name]}" for name in names]
        request += ["", ";".join(names), headers["x-acs-content-sha256"]]
        digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
        text = f"ACS3-HMAC-SHA256\n{digest}"
        made = hmac.new(KEY_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if made != parts["Signature"]:
            raise Refused(400, "SignatureDoesNotMatch")
        action = (headers["x-acs-action"], headers["x-acs-version"])
        if action != ("InvokeFunction", "2023-03-30"):
            raise Refused(400, "InvalidAction.NotFound")
        at = timegm(strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ"))
        if abs(time() - at) > WINDOW:
            raise Refused(400, "InvalidTimeStamp.Expired")
        if headers["x-acs-signature-nonce"] in self.nonces:
            raise Refused(400, "SignatureNonceUsed")
        self.nonces.add(headers["x-acs-signature-nonce"])


def _check_old_signature(method, path, headers):
    own = sorted(name for name in headers if name.startswith("x-fc-"))
    lines = [
        method,
        *(headers.get(each, "") for each in ("content-md5", "content-type", "date")),
        *(f"{name}:{headers[name]}" for name in own),
        unquote(path),
    ]
    digest = hmac.new(KEY_SECRET.encode(), "\n".join(lines).encode(), hashlib.sha256)
    made = f"FC {KEY_ID}:{base64.b64encode(digest.digest()).decode()}"
    if headers.get("authorization") != made:
        raise Refused(403, "SignatureNotMatch")
    if headers.get("x-fc-security-token") != TOKEN:
        raise Refused(403, "InvalidSecurityToken")
    if abs(time() - parsedate_to_datetime(headers["date"]).timestamp()) > WINDOW:
        raise Refused(403, "AccessDenied")


@contextmanager
def invocation_api():
    """Run the API on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            names = {name.lower(): value for name, value in self.headers.items()}
            content = self.rfile.read(int(names.get("content-length", 0)))
            status, body = api.answer(self.command, self.path, names, content)
            with suppress(OSError):  # the caller has lost patience
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = InvocationApi(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
