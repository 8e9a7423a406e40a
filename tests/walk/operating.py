"""An operator's key, host and command line, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import ROOT, LocalHost

APPID = "wx0123456789abcdef"
APP_SECRET = "0123456789abcdef" * 2
KEY_ID, KEY_SECRET = "AKoperator", "SK-operators-own"


def start_host(folder, redis_url):
    """Return a host on complete settings, whose admin trigger knows one key."""
    environment = make_environ(folder, redis_url, PUBLIC_BASE_URL="http://a")
    names = ("WECHAT_API_URL", "WECHAT_OPEN_URL")
    nowhere = dict.fromkeys(names, "http://127.0.0.1:1")
    config = folder / "server.conf"
    config.touch(0o600)
    config.write_text(
        f"access_key_id = {KEY_ID!r}\naccess_key_secret = {KEY_SECRET!r}\n"
    )
    options = ("--port=0", "--config=server.conf")
    return LocalHost(folder, *options, environment={**environment, **nowhere})


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
