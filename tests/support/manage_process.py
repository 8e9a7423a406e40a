"""manage.py as a process of its own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

from tests.support.local_hosts import ROOT


def _inherited():
    kept = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")
    return {name: os.environ[name] for name in kept if name in os.environ}


def run_manage(folder, *words, typed="", encoding="utf-8", **environment):
    """Run manage.py as a process of its own, which sees nothing else of this one."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *words],
        cwd=folder,
        env={**_inherited(), **environment},
        input=typed,
        capture_output=True,
        encoding=encoding,
        timeout=60,
        check=False,
    )


def manage_at_terminal(folder, *words, until, **environment):
    """Run manage.py at a terminal until it prints this or ends; return what is seen."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, ROOT / "manage.py", *words],
        cwd=folder,
        env={**_inherited(), **environment},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    ) as process:
        os.close(follower)
        seen, end = b"", time.monotonic() + 60
        while until.encode() not in seen and time.monotonic() < end:
            if not select.select([leader], [], [], 1)[0]:
                continue
            try:
                seen += os.read(leader, 1000)
            except OSError:  # the process has ended
                break
        process.kill()
    os.close(leader)
    return seen.decode()
