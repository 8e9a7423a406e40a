"""Commit of the sources in the archive."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

FILE = "REVISION"
"""At the root of the archive; the functions' /healthz reads it."""

_SHIPPED = (
    *("docs/operating", "functions", "locale", "runtime"),
    *("requirements.lock", "template.yml"),
)


def revision(root: Path) -> str:
    """Return the commit of an unchanged checkout or of `git archive`, else ""."""
    if _git(root, "rev-parse", "--show-prefix") != "":
        return _archived(root)  # no repository, or another one around a copy of ours
    changed = _git(root, "status", "--porcelain", "--", *_SHIPPED)
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    return commit if commit and changed == "" else ""


def _archived(root: Path) -> str:
    try:
        text = (root / FILE).read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if re.fullmatch("[0-9a-f]{40}", text) else ""


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["git", "-C", str(root), *words],  # noqa: S607 - the deployer's git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
