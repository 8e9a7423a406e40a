"""The whole gateway over real sockets: local host, sandbox, Redis."""

from __future__ import annotations

import pytest

from tests.end_to_end.operator_host import start_host
from tests.end_to_end.raw_host import RawHost
from tests.support.chromium import chromium
from tests.support.developer_host import DeveloperHost


@pytest.fixture(scope="session")
def host(tmp_path_factory):
    """A local host with nothing configured, in a folder of its own."""
    with DeveloperHost(tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture(scope="session")
def admin_host(tmp_path_factory, shared_redis):
    """A local host on complete settings, whose admin trigger knows one key."""
    shared_redis.empty()  # of what another deployment has left there
    with start_host(tmp_path_factory.mktemp("admin"), shared_redis.url) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser):
    """A tab of somebody who reads Chinese."""
    context = browser.new_context(locale="zh-CN")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def raw_host(shared_redis, tmp_path_factory):
    """A host between ill callers and an ill WeChat."""
    shared_redis.empty()
    with RawHost(tmp_path_factory.mktemp("raw"), shared_redis.url) as made:
        made.begin()
        yield made


@pytest.fixture(autouse=True)
def _fresh(request):
    """Put the sandbox back to its seeded state, and WeChat's tokens with it."""
    if "host" in request.fixturenames:
        request.getfixturevalue("host").reset()
