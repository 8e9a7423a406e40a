"""An instance of a custom runtime: FC starts its server, and calls it over HTTP."""

from __future__ import annotations

import subprocess
import time
import uuid

import urllib3

from tests.deployment.function_compute.instance import (
    ACCOUNT,
    REGION,
    TIMEOUT,
    environment,
)
from tests.deployment.function_compute.rules import need
from tests.support.ports import free_port

READY_SECONDS = 120
_NOT_PASSED = ("connection", "keep-alive", "host", "content-length")
_NOT_TAKEN = ("connection", "content-length", "date", "keep-alive", "server")


class CustomInstance:
    """`function` is the document it was deployed with, `code` what is /code to it."""

    def __init__(self, python, *, service, function, code, log):
        self._function = function["functionName"]
        config = function["customRuntimeConfig"]
        need(config["command"] == ["python3"], "command")  # Debian's
        need(config["port"] == 9000, "port")  # here each instance has one of its own
        port = free_port()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [python, "-S", *config["args"], "127.0.0.1"],
                cwd=code,
                env=environment(service, function, code)
                | {"FC_SERVER_PORT": f"{port}"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._http = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=8)
        self._await_server()

    def _await_server(self):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, "CAExited"
            try:
                self._http.request(
                    "POST", "/initialize", headers=self._told("/initialize")
                )
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("FunctionNotStarted")

    def _told(self, control):
        return {
            "x-fc-control-path": control,
            "x-fc-request-id": str(uuid.uuid4()),
            "x-fc-account-id": ACCOUNT,
            "x-fc-region": REGION,
            "x-fc-function-name": self._function,
            "x-fc-access-key-secret": "the-key-of-the-role",
        }

    def call(self, kind, *, body=b""):
        """Return what an event came to."""
        assert "event" == kind
        headers = {**self._told("/invoke"), "content-type": "application/octet-stream"}
        answer = self._send("POST", "/invoke", headers, body)
        if answer.status >= 300 or answer.headers.get("x-fc-status") == "404":
            return {"error": answer.json()}
        return {"result": answer.data.decode()}

    def pass_through(self, method, target, pairs, body):
        """Return status, header pairs and body of a request to the HTTP trigger."""
        passed = urllib3.HTTPHeaderDict()
        for name, value in pairs:
            if name.lower() not in _NOT_PASSED and not name.lower().startswith("x-fc-"):
                passed.add(name, value)
        passed.extend(self._told("/http-invoke"))
        passed["host"] = {n.lower(): v for n, v in pairs}["host"]
        answer = self._send(method, target, passed, body)
        taken = [
            (name, value)
            for name, value in answer.headers.items()
            if name.lower() not in _NOT_TAKEN and not name.lower().startswith("x-fc-")
        ]
        return answer.status, taken, answer.data

    def _send(self, method, target, headers, body):
        return self._http.urlopen(
            method,
            target,
            headers=headers,
            body=body,
            redirect=False,
            retries=False,
            timeout=TIMEOUT,
        )

    def end(self):
        """End it as FC ends an instance that nobody asks any more."""
        self._http.close()
        self._process.terminate()
        self._process.wait(TIMEOUT)
