"""fresh_machine.sh on a machine where it cannot do its work."""

import shutil
import subprocess

import pytest

from tests.deploy_files.readers import DEPLOY

SCRIPT = DEPLOY / "fresh_machine.sh"


@pytest.fixture
def run(tmp_path):
    """Run it on a machine with nothing but a shell; return what it said."""
    for name in ("bash", "dirname", "id", "paste"):
        found = shutil.which(name) or pytest.skip(f"no {name}")
        (tmp_path / name).symlink_to(found)

    def script():
        done = subprocess.run(
            [tmp_path / "bash", SCRIPT],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout

    return script


def test_what_is_missing_is_named(run):
    """What is missing is named, and it is no failure."""
    said = run()

    assert "for want of:" in said
    assert "debootstrap chroot git unshare" in said


def test_a_mirror_that_is_away_is_named(run, tmp_path):
    """A mirror that does not answer is named."""
    for name in ("debootstrap", "chroot", "git", "unshare"):
        (tmp_path / name).symlink_to(shutil.which("true"))
    (tmp_path / "wget").symlink_to(shutil.which("false"))

    assert run().endswith("an answer from http://deb.debian.org/debian\n")


def test_it_asks_for_no_more_than_the_readme():
    """The machine has Python with venv and make; pip needs the certificates."""
    readme = (DEPLOY.parent / "README.md").read_text("utf-8")

    assert "need Python 3.10 or newer with venv, and make" in readme
    assert "\nPACKAGES=ca-certificates,make,python3,python3-venv\n" in (
        SCRIPT.read_text("utf-8")
    )
