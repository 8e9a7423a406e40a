"""The deployer's own tool, `fun`, where it is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fun():
    """Return the path of fun's command; skips aloud where there is none."""
    installed = ROOT / "node_modules" / ".bin"
    path = f"{os.environ['PATH']}{os.pathsep}{installed}"
    if not (shutil.which("node") and shutil.which("fun", path=path)):
        pytest.skip("no fun: npm install --ignore-scripts @alicloud/fun@3.6.24")
    return Path(shutil.which("fun", path=path))


@pytest.fixture
def validate(fun, tmp_path):
    """Run `fun validate` in a folder; return the exit code and what it printed."""
    home = tmp_path / "home"
    (home / ".fcli").mkdir(parents=True)
    (home / ".fcli" / "config.yaml").write_text("report: false\n")  # no telemetry
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "FUN_DISABLE_VERSION_CHECK": "1",
    }

    def run(folder):
        done = subprocess.run(
            [fun, "validate"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    return run
