"""A sandbox in its seeded state, and a user who signs in there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.support.ports import free_port
from tests.support.push_callback import Callback, serve_callback
from tests.support.sandbox_client import Reply, Sandbox, start_sandbox

WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.50"


class Visit:
    """A user in WeChat's browser on the way to the service account's site."""

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
        """Return a code that the user agreed to."""
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
        """Ask one of the APIs of signed-in users."""
        return self.sandbox.get(f"/sns/{name}", query)


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
def callback() -> Iterator[Callback]:
    """Serve a callback that is content with everything."""
    with serve_callback() as served:
        yield served


@pytest.fixture
def visit(sandbox: Sandbox) -> Visit:
    """Return a user about to sign in inside WeChat."""
    return Visit(sandbox)
