"""Folders of unmodified SDKs, which .ci/run installs for the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def installed(name):
    """Return a folder that .ci/run fills; skips aloud where it has not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = cache / "wechat-gateway/sdk" / name
    if not found.exists():
        assert "CI" not in os.environ, f"CI has no {found}: .ci/run installs it"
        pytest.skip(f"no {found}: .ci/run installs it")
    return found
