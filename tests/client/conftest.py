"""A sandbox for the client, and a browser."""

from __future__ import annotations

import pytest

from tests.client.gateway_cookie_service import serve
from tests.support.mixin_service import at
from tests.support.ports import free_port
from tests.support.sandbox_client import Sandbox, start_sandbox
from tests.support.tornado_service import Browser, Service


@pytest.fixture(scope="package")
def platform():
    """The simulated WeChat, as a process of its own."""
    process = start_sandbox(free_port())
    ready = process.stdout.readline()
    assert ready.startswith("ready "), ready
    running = Sandbox(ready.split()[1])
    yield running
    running.pool.clear()
    process.terminate()
    process.communicate(timeout=5)


@pytest.fixture
def sandbox(platform):
    """The same, in its seeded state."""
    platform.control("reset")
    return platform


@pytest.fixture
def browser():
    """A browser of somebody in WeChat."""
    one = Browser()
    yield one
    one.http.clear()


@pytest.fixture
def service(sandbox):
    """A service that signs in at the sandbox's service account."""
    with Service(at(sandbox)) as running:
        yield running


@pytest.fixture(scope="module")
def running():
    """A service behind the gateway's host name."""
    with serve() as service:
        yield service
