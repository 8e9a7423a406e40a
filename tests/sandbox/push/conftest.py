"""A world whose service account pushes to the callback."""

from dataclasses import replace

import pytest

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.world import World

NOW = 1_760_000_000


@pytest.fixture
def world():
    return World(Clock(lambda: NOW), Ids(1))


@pytest.fixture
def app(world, callback):
    """The service account, whose pushes go to the callback."""
    seeded = next(app for app in world.apps.values() if app.kind == "service")
    return replace(seeded, callback_url=callback.url)
