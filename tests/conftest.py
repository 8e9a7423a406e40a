"""Fixtures of all tests, and how the tests are shared out among workers."""

from __future__ import annotations

import os
import socket

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from runtime.settings import settings_from
from runtime.state.redis_store import RedisStore
from tests.support.gateway_environ import make_environ
from tests.support.redis_server import make_redis
from tests.support.strict_proxy import SWITCH

LOOPBACK = ("127.", "::1", "localhost")
UNDIVIDED = ("tests/deployment/",)
"""Folders for one worker: what they build and deploy takes a minute each time."""
DIVIDED = ("tests/clients/", "tests/end_to_end/test_strict_proxy.py")
"""Places whose tests each start a program, and share nothing dear."""
SLOW_FIRST = (
    *("tests/deployment/", "tests/runtime/custody/", "tests/browser/"),
    *("tests/end_to_end/", "tests/bench/", "tests/drills/", "tests/one_machine/"),
    *("tests/attacks/", "tests/host/", "tests/functions/console/"),
)
"""Places with files that take minutes: begun last, each would keep one worker busy
while the others have ended."""


# An example takes long on a busy machine, whatever the code does.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


if SWITCH in os.environ:
    # As REDIS_WAIT=poll: the proxy refuses commands that block.
    RedisStore.__init__.__kwdefaults__["blocking"] = False


class ByFile(LoadScopeScheduling):
    """Gives a worker whole files, because their fixtures cost more than their tests."""

    def _split_scope(self, nodeid):
        if nodeid.startswith(DIVIDED):
            return nodeid
        file = nodeid.partition("::")[0]
        return next((each for each in UNDIVIDED if file.startswith(each)), file)


def pytest_collection_modifyitems(items):
    def place(item):
        found = [item.nodeid.startswith(each) for each in SLOW_FIRST]
        return found.index(True) if any(found) else len(found)

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def _clean_environment():
    """Give each test the environment it found."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch):
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert address[0].startswith(LOOPBACK), "a test left this machine"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory):
    server = make_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.end()


@pytest.fixture
def redis_server(shared_redis):
    """A real Redis, empty."""
    shared_redis.empty()
    return shared_redis


@pytest.fixture
def own_redis(tmp_path):
    """A real Redis that the test may kill."""
    server = make_redis(tmp_path)
    yield server
    server.end()


@pytest.fixture
def environ(tmp_path, redis_server):
    """A complete environment, on the real Redis and a folder of its own."""
    return make_environ(tmp_path, redis_server.url)


@pytest.fixture
def settings(environ):
    return settings_from(environ)
