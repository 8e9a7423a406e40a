"""The sandbox as a process of its own, and a client that speaks to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3


@dataclass(frozen=True)
class Reply:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8")

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Sandbox:
    """Calls the sandbox at `url`; follows no redirect and retries nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pool = urllib3.PoolManager(retries=False)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | str = "",
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; a body that is not bytes goes as JSON."""
        text = query if isinstance(query, str) else urlencode(query)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        answer = self.pool.request(
            method,
            f"{self.url}{path}" + (f"?{text}" if text else ""),
            body=body,
            headers=dict(headers or {}),
            redirect=False,
            timeout=10,
        )
        return Reply(answer.status, answer.headers, answer.data)

    def get(self, path: str, query: Mapping[str, str] | str = "", **more: Any) -> Reply:
        """Send a GET."""
        return self.call("GET", path, query, **more)

    def post(self, path: str, body: Any, **more: Any) -> Reply:
        """Send a POST."""
        return self.call("POST", path, body=body, **more)

    def control(self, name: str, /, **fields: Any) -> Any:
        """Use one of the control plane's POST addresses."""
        reply = self.post(f"/_sandbox/{name}", fields)

        assert reply.status == 200, reply.text
        return reply.json()

    def app(self, kind: str) -> dict[str, Any]:
        """Return the seeded app of that kind."""
        apps = self.get("/_sandbox/apps").json()
        return next(app for app in apps if app["kind"] == kind)

    def user(self, index: int = 0) -> dict[str, Any]:
        """Return one of the seeded users."""
        users: list[dict[str, Any]] = self.get("/_sandbox/users").json()
        return users[index]

    def token(self, kind: str = "service") -> str:
        """Return an access_token of the seeded app of that kind."""
        app = self.app(kind)
        query = {"appid": app["appid"], "secret": app["secret"]}
        query["grant_type"] = "client_credential"
        return str(self.get("/cgi-bin/token", query).json()["access_token"])

    def journal(self, **query: str) -> list[dict[str, Any]]:
        """Return the journal."""
        entries: list[dict[str, Any]] = self.get("/_sandbox/journal", query).json()
        return entries


def start_sandbox(port: int) -> subprocess.Popen[str]:
    """Start the sandbox as its users do; it has printed nothing yet."""
    command = [sys.executable, "-m", "sandbox", f"--port={port}"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
