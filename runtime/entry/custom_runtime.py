"""HTTP server of a custom runtime: Function Compute's calls for one handler.

    python3 -m runtime.entry.custom_runtime functions/login/index.handler

A custom runtime of FC 3.0 has no loader for Python: Function Compute starts this and
sends each call to it over HTTP. The header x-fc-control-path, which no caller can send,
tells them apart.

    /http-invoke    a request of the HTTP trigger, passed through: WSGI for the handler
    /invoke         an event or an invocation: POST /invoke, the event is the body
    /initialize     once before the first call, if that is configured
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import SimpleNamespace
from typing import Any

PORT = 9000
"""Function Compute calls it unless customRuntimeConfig names another one.

It tells the function in FC_SERVER_PORT.
"""

_CONTROL = "x-fc-control-path"
_FAILED = {"errorType": "UnhandledInvocationError", "errorMessage": "see the log"}
_CHUNK_LINE = 1024


def main(words: list[str], environ: Mapping[str, str] = os.environ) -> None:
    """Serve the handler in `words` until the process is ended.

    An address may follow it; otherwise the server listens on all.
    """
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="%(asctime)s [%(levelname)s] %(message)s",
    )
    handler, *more = words
    # Function Compute calls from outside of the instance.
    address = more[0] if more else "0.0.0.0"  # noqa: S104
    port = int(environ.get("FC_SERVER_PORT") or PORT)
    Server((address, port), loaded(handler)).serve_forever()


def loaded(handler: str) -> Callable[..., Any]:
    """Return the function that `directory/module.name` names."""
    module, _, name = handler.replace("/", ".").rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


class Server(ThreadingHTTPServer):
    """A thread for each connection, since Function Compute keeps them open."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Callable[..., Any]) -> None:
        super().__init__(address, _Calls)
        self.handler = handler


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Answer a call; that of any other method is the HTTP trigger's."""
        request_id = self.headers.get("x-fc-request-id", "")
        _say(f"FC Invoke Start RequestId: {request_id}")
        control, failed = self.headers.get(_CONTROL, ""), ""
        try:
            body = self._body()
            if control == "/invoke":
                self._answer_event(body)
            elif control in ("", "/http-invoke"):
                self._answer_request(body)
            else:
                self._send(200, [], b"")
        except Exception:
            failed = ", Error: Unhandled function error"
            _say(traceback.format_exc())
            content = json.dumps(_FAILED).encode()
            headers = [("Content-Type", "application/json"), ("x-fc-status", "404")]
            self._send(500, headers, content)
        _say(f"FC Invoke End RequestId: {request_id}{failed}")

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_PUT = do_POST

    def _answer_event(self, event: bytes) -> None:
        result = self.server.handler(event, self._context())
        text = result if isinstance(result, str | bytes) else json.dumps(result)
        content = text.encode() if isinstance(text, str) else text
        self._send(200, [("Content-Type", "application/octet-stream")], content)

    def _answer_request(self, body: bytes) -> None:
        started: list[Any] = []
        parts = self.server.handler(
            self._environ(body),
            lambda status, headers: started.extend((status, headers)),
        )
        status, headers = started
        self._send(int(status.split(" ")[0]), headers, b"".join(parts))

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": self.client_address[0],
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "fc.context": self._context(),
            "fc.request_uri": self.path,
            "wsgi.errors": sys.stderr,
            "wsgi.input": BytesIO(body),
        }
        for name in {each.lower() for each in self.headers}:
            # Those of Function Compute hold the functions' key.
            if "_" not in name and not name.startswith(("x-fc-", "content-")):
                values = ",".join(self.headers.get_all(name, ()))
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = values
        return environ

    def _context(self) -> SimpleNamespace:
        # Without credentials, as with Python 3.12: they are in the environment.
        given = self.headers.get
        return SimpleNamespace(
            account_id=given("x-fc-account-id", "") or os.environ.get("FC_ACCOUNT_ID"),
            function=SimpleNamespace(name=given("x-fc-function-name", "")),
            region=given("x-fc-region", "") or os.environ.get("FC_REGION"),
            request_id=given("x-fc-request-id", ""),
        )

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline(_CHUNK_LINE).split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline(_CHUNK_LINE)
        while self.rfile.readline(_CHUNK_LINE).strip():
            pass  # trailers
        return b"".join(chunks)

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in (
                "connection",
                "content-length",
                "transfer-encoding",
            ):
                self.send_header(name, value)
        has_body = status >= 200 and status not in (204, 304)
        if has_body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Write no line of its own: the handler logs each request."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
