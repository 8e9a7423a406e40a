"""Fixtures: the sandbox as a process, and a gateway with its component."""

from __future__ import annotations

import pytest

from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support.ports import free_port
from tests.support.sandbox_client import Sandbox, start_sandbox
from tests.support.sandbox_component import SandboxComponent


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
def sandbox_environ(environ, sandbox):
    """A complete environment of a gateway that calls the sandbox."""
    return {**environ, "WECHAT_API_URL": sandbox.url, "WECHAT_OPEN_URL": sandbox.url}


@pytest.fixture
def component(sandbox, sandbox_environ):
    """The sandbox's component in a gateway."""
    gateway = Gateway(settings_from(sandbox_environ))
    return SandboxComponent(sandbox, gateway).enter()
