"""An instance of a function: a process of its Python, one call at a time."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
import uuid
from pathlib import Path

RUNTIME = Path(__file__).with_name("python_runtime.py")
ACCOUNT, REGION = "1234567890123456", "cn-hangzhou"
TIMEOUT = 60
_HYGIENE = ("-I", "-S", "-W", "ignore")  # nothing of whoever runs the tests


class Instance:
    """`function` is the document it was deployed with, `code` what is /code to it."""

    def __init__(self, python, *, service, function, code, log):
        self._timeout = function["timeout"]
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                [python, *_HYGIENE, RUNTIME, str(theirs.fileno())],
                cwd=code,
                env=environment(service, function, code),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
            )
        ours.settimeout(TIMEOUT)
        self._lines = ours.makefile("rw", encoding="utf-8")
        ours.close()  # the lines keep it

    def call(self, kind, *, body=b"", **more):
        """Return what a call came to, and its request id."""
        content = {
            "kind": kind,
            "request_id": str(uuid.uuid4()),
            "timeout": self._timeout,
            "body": base64.b64encode(body).decode(),
            **more,
        }
        with self._lock:
            self._lines.write(json.dumps(content) + "\n")
            self._lines.flush()
            line = self._lines.readline()
        assert line, "the instance died"
        return json.loads(line)

    def end(self):
        """Let it end as it finds that nobody asks any more."""
        self._lines.close()
        self._process.wait(TIMEOUT)


def environment(service, function, code):
    """Return the environment of a function's process."""
    # `fun` knows that the code is unpacked at /code; here it is somewhere else.
    own = {
        name: ":".join(
            str(code) + each.removeprefix("/code") for each in value.split(":")
        )
        if name in ("PYTHONUSERBASE", "PYTHONPATH")
        else value
        for name, value in function["environmentVariables"].items()
    }
    return {
        **own,
        "LANG": "C.UTF-8",
        "FC_ACCOUNT_ID": ACCOUNT,
        "FC_FUNC_CODE_PATH": str(code),
        "FC_FUNCTION_HANDLER": function["handler"],
        "FC_FUNCTION_MEMORY_SIZE": str(function["memorySize"]),
        "FC_FUNCTION_NAME": function["functionName"],
        "FC_INSTANCE_ID": f"c-{uuid.uuid4()}",
        "FC_QUALIFIER": "LATEST",
        "FC_REGION": REGION,
        "FC_RUNTIME_VERSION": function["runtime"],
        "FC_SERVICE_NAME": service,
        "FC_VER_ID": "LATEST",
        "_FC_HIDDEN": "is removed before user code",
    }
