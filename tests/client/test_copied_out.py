"""Files of the client, copied into another project under another name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.test_import_rules import ROOT, TREES

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import taken
trees = json.loads(sys.argv[2])
print(json.dumps([name for name in sys.modules if name.split(".")[0] in trees]))
"""


@pytest.mark.parametrize(
    "name", ["gateway_auth", "pushes", "sdk_hosts", "wechat_oauth"]
)
def test_a_file_is_taken_alone(tmp_path, name):
    """It needs Tornado or an SDK's HTTP client, and no other file from here."""
    shutil.copy(ROOT / f"client/{name}.py", tmp_path / "taken.py")
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROBE, tmp_path, json.dumps(TREES)],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert [] == json.loads(done.stdout)
