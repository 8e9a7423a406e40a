"""Deployer's machine: a checkout, its settings, `make build` and `fun deploy`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.deployment import own_network
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET

ROOT = Path(__file__).parents[2]
TIMEOUT = 300
_TREES = ("deploy", "docs/operating", "functions", "locale", "runtime", "template")
_FILES = (".env", ".funignore", "requirements.lock", "template.yml")


def check_out(folder):
    """Copy into a folder what git would put there, and the wheels of this machine."""
    folder.mkdir(parents=True)
    leave = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in _TREES:
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    for name in _FILES:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / ".fun").mkdir()
    (folder / ".fun/wheels").symlink_to(ROOT / ".fun/wheels")
    return folder


def build(folder, python, **settings):
    """Do what `make build` does; return the finished process, its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.package"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHON310": str(python), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


class Deployer:
    """Somebody with `fun`, an access key, and nothing else of this machine."""

    def __init__(self, fun, home, compute):
        self._fun, self._home, self._compute = fun, home, compute
        (home / ".fcli").mkdir(parents=True)
        (home / ".fcli/config.yaml").write_text("report: false\n")  # no telemetry

    def deploy(self, folder):
        """Run a plain `fun deploy -y`; return the exit code and all it said."""
        if _may_unshare_network():
            return self._deploy_in_own_network(folder)
        endpoint = f"http://127.0.0.1:{self._compute.port}"
        return _outcome(self._start([self._fun, "deploy", "-y"], folder, endpoint))

    def _deploy_in_own_network(self, folder):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            script = [
                sys.executable,
                own_network.__file__,
                str(theirs.fileno()),
                folder,
            ]
            command = ["unshare", "-n", *script, self._fun, "deploy", "-y"]
            endpoint = f"http://127.0.0.1:{own_network.PORT}"
            process = self._start(command, folder, endpoint, keep=[theirs.fileno()])
            theirs.close()
            _, (descriptor,), *_ = socket.recv_fds(ours, 16, 1)
        self._compute.serve(socket.socket(fileno=descriptor))
        return _outcome(process)

    def _start(self, command, folder, endpoint, keep=()):
        return subprocess.Popen(
            command,
            cwd=folder,
            env={
                "HOME": str(self._home),
                "PATH": os.environ["PATH"],
                "ACCOUNT_ID": ACCOUNT,
                "REGION": REGION,
                "ACCESS_KEY_ID": KEY_ID,
                "ACCESS_KEY_SECRET": KEY_SECRET,
                "FC_ENDPOINT": endpoint,
                "FUN_DISABLE_VERSION_CHECK": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=keep,
        )


def _outcome(process):
    said, _ = process.communicate(timeout=TIMEOUT)
    return process.returncode, said


def _may_unshare_network():
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return tried.returncode == 0
