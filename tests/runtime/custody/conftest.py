"""Fixtures: a sandbox in WeChat's place, and worker processes."""

from __future__ import annotations

import pytest

from tests.runtime.custody.processes import Platform, Process


@pytest.fixture(scope="session")
def shared_platform():
    platform = Platform()
    yield platform
    platform.end()


@pytest.fixture
def platform(shared_platform):
    return shared_platform


@pytest.fixture
def start(redis_server, platform):
    """Start workers on the real Redis; they are killed when the test ends."""
    started = []

    def many(number, *, redis_url=None, **more):
        new = [
            Process(redis_url or redis_server.url, platform.url, **more)
            for _ in range(number)
        ]
        started.extend(new)
        assert all(each.told() == {"ready": True} for each in new)
        return new

    yield many
    for each in started:
        each.end()
