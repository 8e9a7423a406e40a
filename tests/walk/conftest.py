"""The whole house over real sockets: local host, sandbox, Redis."""

from __future__ import annotations

import pytest

from tests.walk.house import House
from tests.walk.operating import start_host


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """A local host with nothing configured, in a folder of its own."""
    with House(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="session")
def admin_host(tmp_path_factory, shared_redis):
    """A local host on complete settings, whose admin trigger knows one key."""
    with start_host(tmp_path_factory.mktemp("admin"), shared_redis.url) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(request):
    """Put the sandbox back to its seeded state, and WeChat's tokens with it."""
    if "house" in request.fixturenames:
        request.getfixturevalue("house").reset()
