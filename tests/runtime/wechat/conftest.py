"""The sandbox as a process, and a gateway with its component."""

from __future__ import annotations

from tests.support.sandbox_fixtures import (
    component,
    platform,
    sandbox,
    sandbox_environ,
)

__all__ = ["component", "platform", "sandbox", "sandbox_environ"]
