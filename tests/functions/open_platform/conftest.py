"""The sandbox as a process, and a gateway with its component."""

from __future__ import annotations

import pytest

from tests.support.gateway_environ import make_environ
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.sandbox_fixtures import (
    component,
    platform,
    sandbox,
    sandbox_environ,
)

__all__ = ["component", "platform", "sandbox", "sandbox_environ"]


@pytest.fixture
def environ(tmp_path, redis_server):
    """An environment with a key for ID tokens."""
    key = oidc_key({1: private_key()})
    return make_environ(tmp_path, redis_server.url, OIDC_KEY=key)
