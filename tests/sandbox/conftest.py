"""The sandbox as a process of its own, and a client that speaks to it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import urllib3

WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.50"


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
        """Return one of the seeded people."""
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


class Visit:
    """A person in WeChat's browser on the way to the service account's site."""

    back = "http://127.0.0.1:8080/back"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.app = sandbox.app("service")
        self.openid = sandbox.user()["openid"][self.app["appid"]]

    def link(self, scope: str = "snsapi_userinfo", **changes: str) -> str:
        """Return a right link's query, changed."""
        pairs = {
            "appid": self.app["appid"],
            "redirect_uri": self.back,
            "response_type": "code",
            "scope": scope,
            "state": "abc123",
        }
        return urlencode({**pairs, **changes})

    def open(self, link: str, user_agent: str = WECHAT) -> Reply:
        """Follow the link."""
        headers = {"User-Agent": user_agent}
        return self.sandbox.get("/connect/oauth2/authorize", link, headers=headers)

    def answer(self, link: str, answer: str) -> Reply:
        """Press `allow` or `refuse` on the sheet."""
        return self.sandbox.post(
            "/connect/oauth2/authorize",
            f"answer={answer}".encode(),
            query=link,
            headers={
                "User-Agent": WECHAT,
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )

    def landing(self, reply: Reply) -> dict[str, str]:
        """Return what a redirect carries back to the right address."""
        assert reply.status == 302, reply.text
        address, _, query = reply.headers["Location"].partition("?")

        assert address == self.back
        return dict(parse_qsl(query))

    def code(self, scope: str = "snsapi_userinfo") -> str:
        """Return a code that the person agreed to."""
        if scope == "snsapi_base":
            return self.landing(self.open(self.link(scope)))["code"]
        return self.landing(self.answer(self.link(scope), "allow"))["code"]

    def change(self, code: str, **changes: str) -> Any:
        """Change the code for tokens."""
        query = {
            "appid": self.app["appid"],
            "secret": self.app["secret"],
            "code": code,
            "grant_type": "authorization_code",
            **changes,
        }
        return self.sandbox.get("/sns/oauth2/access_token", query).json()

    def sns(self, name: str, **query: str) -> Reply:
        """Ask one of the APIs of signed-in people."""
        return self.sandbox.get(f"/sns/{name}", query)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_sandbox(port: int) -> subprocess.Popen[str]:
    """Start the sandbox as its users do; it has printed nothing yet."""
    command = [sys.executable, "-m", "sandbox", f"--port={port}"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """Run one sandbox for all tests."""
    port = free_port()
    process = start_sandbox(port)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready http://127.0.0.1:{port}\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=5)


@pytest.fixture
def sandbox(sandbox_url: str) -> Iterator[Sandbox]:
    """Return a client of the sandbox in its seeded state."""
    client = Sandbox(sandbox_url)
    client.control("reset")
    yield client
    client.pool.clear()


@pytest.fixture
def visit(sandbox: Sandbox) -> Visit:
    """Return a person about to sign in inside WeChat."""
    return Visit(sandbox)
