"""Function Compute on loopback: its API and its triggers, on any number of sockets."""

from __future__ import annotations

import json
import re
import threading
import traceback
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.deployment.function_compute import triggers
from tests.deployment.function_compute.control import ROOT, Control
from tests.deployment.function_compute.custom_instance import CustomInstance
from tests.deployment.function_compute.instance import Instance
from tests.deployment.function_compute.rules import NAME, Refused
from tests.deployment.function_compute.signature import verify


@dataclass
class Request:
    """A request as it came over the wire; `headers` by lower case."""

    method: str
    target: str
    pairs: list
    body: bytes
    client_ip: str

    @property
    def headers(self):
        return {name.lower(): value for name, value in self.pairs}


class Instances:
    """One instance of each function, started at its first call."""

    def __init__(self, python, control, log):
        """`python(document)` is the interpreter of a function's runtime."""
        self._python, self._control, self._log = python, control, log
        self._running = {}
        self._lock = threading.Lock()

    def of(self, *key):
        """Return the instance of a function as it is deployed now; by service, name."""
        document = self._control.functions[key]
        with self._lock:
            made_of, instance = self._running.get(key, (None, None))
            if made_of is not document:
                if instance is not None:
                    instance.end()
                is_custom = document["runtime"].startswith("custom.")
                made = CustomInstance if is_custom else Instance
                instance = made(
                    self._python(document),
                    service=key[0] if len(key) > 1 else "",
                    function=document,
                    code=self._control.code_of(*key),
                    log=self._log,
                )
                self._running[key] = document, instance
        return instance

    def end(self):
        for _, instance in self._running.values():
            instance.end()


class FunctionCompute:
    """Everything that stands behind FC_ENDPOINT and a custom domain."""

    def __init__(self, python, folder):
        self.log = folder / "function.log"
        self.log.touch()
        self.control = Control(folder / "functions")
        self.instances = Instances(lambda _: python, self.control, self.log)
        self.faults = []
        self._servers = []
        self.port = self.serve(None).server_address[1]

    def serve(self, listener):
        """Answer on a socket that somebody else opened, or on one of its own."""
        handler = type("Bound", (_Handler,), {"owner": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler, listener is None)
        if listener is not None:
            server.socket.close()
            server.socket, server.server_address = listener, listener.getsockname()
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self._servers.append((server, thread))
        return server

    def answer(self, request):
        """Return status, header pairs and body."""
        try:
            if triggers.PROXY.fullmatch(
                request.target
            ) or not request.target.startswith(ROOT):
                return triggers.answer(self.control, self.instances, request)
            return self._control(request)
        except Refused as refused:
            self.faults.append(str(refused))
            content = {"ErrorCode": refused.code, "ErrorMessage": refused.message}
            return refused.status, _REFUSAL, json.dumps(content).encode()
        except Exception:
            self.faults.append(traceback.format_exc())
            return 500, _JSON, b'{"ErrorCode": "InternalServerError"}'

    def _control(self, request):
        path = request.target.partition("?")[0]
        verify(request.method, request.target, request.headers, request.body)
        if found := _INVOCATION.fullmatch(path):
            return self._invoked(found.groups(), request.body)
        content = self.control.answer(request.method, path, request.body)
        return 200, _JSON, json.dumps(content).encode()

    def _invoked(self, key, body):
        if key not in self.control.functions:
            raise Refused(404, "FunctionNotFound", "/".join(key))
        told = self.instances.of(*key).call("event", body=body)
        if "error" in told:
            return triggers.failure(told["error"])
        return 200, _JSON, told["result"].encode()

    def stop(self):
        for server, thread in self._servers:
            server.shutdown()
            thread.join()
            server.server_close()
        self.instances.end()


_JSON = [("Content-Type", "application/json")]
_REFUSAL = [*_JSON, ("X-Fc-Error-Type", "FcCommonError")]
_INVOCATION = re.compile(rf"{ROOT}/services/({NAME})/functions/({NAME})/invocations")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: FunctionCompute

    def log_message(self, *_):
        pass

    def _answer(self):
        request = Request(
            self.command,
            self.path,
            list(self.headers.items()),
            self._body(),
            self.client_address[0],
        )
        status, pairs, body = self.owner.answer(request)
        self.send_response(status)
        for name, value in pairs:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _answer

    def _body(self):
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)
