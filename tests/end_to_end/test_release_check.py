"""The full-release check of an open platform, answered for all its accounts."""

from __future__ import annotations

import json

import pytest

from tests.support.component_host import ComponentHost
from tests.support.developer_host import DeveloperHost


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("release")) as running:
        yield ComponentHost(running)


def test_every_step_for_all_five_pairs(world):
    """Twice: whoever has failed a step may start the check again."""
    for _ in range(2):
        done = world.act("release_check", seconds=60)
        assert done["failed"] == [], json.dumps(done["failed"], indent=1)
