"""fresh_machine.sh, where it cannot do its work."""

import shutil
import subprocess

import pytest

from tests.deploy_files.deploy_files import DEPLOY

SCRIPT = DEPLOY / "fresh_machine.sh"


def test_what_is_missing_is_said_aloud(tmp_path):
    """By name, on a machine with nothing but a shell; and CI goes on."""
    for name in ("bash", "dirname", "id", "paste"):
        found = shutil.which(name) or pytest.skip(f"no {name}")
        (tmp_path / name).symlink_to(found)
    done = subprocess.run(
        [tmp_path / "bash", SCRIPT],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (0, True) == (done.returncode, "for want of:" in done.stdout)
    assert "debootstrap chroot git unshare" in done.stdout


def test_it_asks_for_no_more_than_the_readme():
    """Python with venv, and make; the certificates are for pip."""
    readme = (DEPLOY.parent / "README.md").read_text("utf-8")

    assert "Needed: Python 3.10 or newer with venv, and make" in readme
    assert "\nPACKAGES=ca-certificates,make,python3,python3-venv\n" in (
        SCRIPT.read_text("utf-8")
    )
