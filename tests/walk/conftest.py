"""The whole house over real sockets: local host, sandbox, Redis."""

from __future__ import annotations

import pytest

from tests.walk.house import House


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """A local host with nothing configured, in a folder of its own."""
    with House(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(request):
    """Put the sandbox back to its seeded state, and WeChat's tokens with it."""
    if "house" in request.fixturenames:
        request.getfixturevalue("house").reset()
