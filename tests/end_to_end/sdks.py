"""SDKs that the tests run unmodified, each by a script, and where they are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sdk_cache import installed

SDK = Path(__file__).parent / "sdk"


def on_node(name, script):
    """Return command and variables of a script for an SDK from npm."""
    node = shutil.which("node")
    if node is None:
        assert "CI" not in os.environ, "CI has no node"
        pytest.skip("no node on PATH")
    installed(f"node_modules/{name}")
    return [node, SDK / script], {"NODE_PATH": installed("node_modules")}


def on_python(version, script="use_wechatpy.py"):
    """Return command and variables of a script for wechatpy."""
    path = {"PYTHONPATH": installed("python")} if version == "2.0" else {}
    return [sys.executable, SDK / script], {"VERSION": version, **path}


SDKS = {
    "co-wechat-api": lambda: on_node("co-wechat-api", "co_wechat_api.js"),
    "node-easywechat": lambda: on_node("node-easywechat", "node_easywechat.js"),
    "wechatpy-1.8": lambda: on_python("1.8"),
    "wechatpy-2.0": lambda: on_python("2.0"),
}
"""Each gives the script's command and what it needs in its environment."""


def judged(*work):
    """Return what @wecom/crypto makes of each piece of work."""
    command, more = on_node("@wecom/crypto", "wecom_crypto.js")
    done = subprocess.run(
        command,
        input=json.dumps(work),
        env={name: str(value) for name, value in more.items()},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
