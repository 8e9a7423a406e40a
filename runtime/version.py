"""The version of the gateway, and its commit if the build has recorded it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

VERSION = "0.2.0"
"""pyproject.toml's, which is not there on Function Compute."""

_ROOT = Path(__file__).resolve().parent.parent
_COMMIT = re.compile(r"([0-9a-f]{7,12})[0-9a-f]{0,52}")


@lru_cache
def version(root: Path = _ROOT) -> str:
    """Return `0.2.0`, or `0.2.0+` and 12 digits of the commit in the file REVISION."""
    try:
        text = (root / "REVISION").read_text("ascii").strip()
    except (OSError, ValueError):
        return VERSION
    commit = _COMMIT.fullmatch(text)
    return f"{VERSION}+{commit[1]}" if commit else VERSION
