"""local_host.py as a developer starts it, and its sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from tests.support.ports import free_port

ROOT = Path(__file__).parent.parent.parent
TIMEOUT = 60


class DeveloperHost:
    """A running local host: `url`, `sandbox_url`, `secret`, and its log.

    `environment` are settings besides what the host fills in.
    """

    def __init__(self, folder, *options, environment=None):
        self.folder, self._options = folder, options
        self.environment = environment or {}
        self.port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.http = urllib3.PoolManager(retries=False, timeout=20)

    def __enter__(self):
        # A pipe nobody reads would stop the host once it is full.
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "local_host.py"),
                f"--port={self.port}",
                f"--sandbox_port={self.sandbox_port}",
                *self._options,
            ],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.greeting = ""
        while "\napps " not in self.greeting:
            line = self._process.stdout.readline()
            assert line, self.log()
            self.greeting += line
        self.secret = re.search(r"demo_[0-9a-f]{32}", self.greeting)[0]
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.stdout.close()
        self._process.wait(TIMEOUT)
        self._log.close()
        self.http.clear()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def sandbox(self, method, path, content=None):
        """Call the sandbox's control plane."""
        answer = self.http.request(method, f"{self.sandbox_url}{path}", json=content)
        assert answer.status == 200, answer.data
        return json.loads(answer.data or b"null")

    def reset(self):
        self.sandbox("POST", "/_sandbox/reset")
        self.sandbox("DELETE", "/_sandbox/journal")

    def app(self, kind):
        return next(
            each
            for each in self.sandbox("GET", "/_sandbox/apps")
            if each["kind"] == kind
        )

    def user(self, number=0):
        return self.sandbox("GET", "/_sandbox/users")[number]

    def journal(self, path):
        """Return what the sandbox saw at a path."""
        seen = self.sandbox("GET", f"/_sandbox/journal?path={path}")
        return [each for each in seen if each["path"] == path]

    def get(self, path, **headers):
        """Ask the gateway, without following redirects."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(
            "GET", f"{self.url}{path}", headers=names, redirect=False
        )


def query_of(address):
    """Return an address' query."""
    return urlsplit(address).query
