"""manage.py as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.local_hosts import ROOT


def run_manage(folder, *words, typed="", **environment):
    """Run manage.py as a process of its own, which sees nothing else of this one."""
    kept = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *words],
        cwd=folder,
        env={**inherited, **environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
