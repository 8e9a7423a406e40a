"""A sandbox for the client, and a browser."""

from __future__ import annotations

import pytest

from tests.client.gateway_cookie_service import serve
from tests.support.mixin_service import at
from tests.support.sandbox_fixtures import platform, sandbox
from tests.support.tornado_service import Browser, Service

__all__ = ["platform", "sandbox"]


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
