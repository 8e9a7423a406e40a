"""Time stamps by which `fun deploy` refuses a build older than its sources."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path


def note_sources(meta: Path, files: Iterable[Path]) -> None:
    """Write the file in which `fun` finds the sources' times at its last build.

    By path, in milliseconds since 1970 as Node rounds them; if one differs, `fun
    deploy` names the file and refuses.
    """
    times = {
        str(file): str((file.stat().st_mtime_ns + 500_000) // 1_000_000)
        for file in files
    }
    meta.write_text(json.dumps({"modifiedTimestamps": times}, indent=1), "utf-8")
