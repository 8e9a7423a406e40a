"""Builds that fail: they say why and leave nothing behind."""

from __future__ import annotations

import shutil
import sys

import pytest

from deploy.package.failed import BuildFailed
from deploy.package.interpreter import find_interpreter
from deploy.package.target import PACKAGES
from deploy.package.wheels import folder_of
from tests.deployment.deployer import build


def refusal(tree, python, **settings):
    """Return what a failing build said; nothing is left that fun would take."""
    done = build(tree, python, **settings)
    assert 1 == done.returncode
    assert not (tree / ".fun/build").exists()
    assert not (tree / PACKAGES).exists()
    return done.stdout + done.stderr


def test_a_module_that_does_not_compile(checkout, python310):
    """A syntax error fails the build."""
    tree = checkout("typo")
    (tree / "functions/oidc/index.py").write_text("def handler(:\n")

    assert "functions/oidc/index.py" in refusal(tree, python310)


def test_catalogues_that_are_not_compiled(checkout, python310):
    """Missing catalogues fail the build."""
    tree = checkout("silent")
    next(tree.glob("locale/*/LC_MESSAGES/*.mo")).unlink()

    assert "make setup" in refusal(tree, python310)


def test_a_wheel_that_is_not_the_locked_one(checkout, python310):
    """A cached wheel with another hash fails the build."""
    tree = checkout("tampered")
    wheels = tree / ".fun/wheels"
    real = folder_of(tree / "requirements.lock", cache=wheels.resolve())
    wheels.unlink()
    shutil.copytree(real, wheels / real.name)
    (six,) = wheels.glob("*/six-*.whl")
    six.write_bytes(six.read_bytes() + b"\0")

    assert "pip install failed" in refusal(tree, python310)


def test_settings_that_fc_would_refuse(checkout, python310):
    """Values that FC would refuse fail before anything is built."""
    tree = checkout("settings")

    said = refusal(tree, python310, LOG_PROJECT="p")
    assert said == "make build: LOG_PROJECT needs LOG_STORE too.\n"


@pytest.mark.parametrize("named", ["/bin/false", "/nonexistent", ""])
def test_no_interpreter(named):
    """A missing CPython 3.10 is reported with the remedy."""
    with pytest.raises(BuildFailed, match="on PATH, or set PYTHON310"):
        find_interpreter({"PYTHON310": named, "PATH": "/nonexistent"})


@pytest.mark.skipif(sys.version_info[:2] == (3, 10), reason="this is CPython 3.10")
def test_another_version():
    """Another Python version is refused."""
    with pytest.raises(BuildFailed, match=r"is not CPython 3\.10"):
        find_interpreter({"PYTHON310": sys.executable})
