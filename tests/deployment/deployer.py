"""Deployer's machine: a checkout, its settings, `make build`, `fun` and `s`."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from tests.deployment import own_network
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.support.private_ca import PrivateCa

ROOT = Path(__file__).parents[2]
TIMEOUT = 300
_TREES = ("deploy", "docs/operating", "functions", "locale", "runtime", "template")
_FILES = (".env", ".funignore", "requirements.lock", "template.yml")


LOOPBACK_NAMES = Path(__file__).with_name("loopback_names.js")
SERVED = (
    f"fcv3.{REGION}.aliyuncs.com",
    f"{ACCOUNT}.{REGION}.fc.aliyuncs.com",
    "*.oss-accelerate.aliyuncs.com",
)
"""The names that the components call: nothing tells them of a stand-in."""

COMPONENTS = ("fc3", "fc3-domain")
"""Of Serverless Devs, which fetches them from its own registry at its first run."""


def _of_fun(endpoint):
    # On a busy machine ten seconds, `fun`'s default, are not enough for an answer.
    given = {"FC_ENDPOINT": endpoint, "TIMEOUT": "60"}
    return {**given, "FUN_DISABLE_VERSION_CHECK": "1"}


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


def by_fun(fun, home, compute):
    """Return the deployer who runs a plain `fun deploy -y`."""
    (home / ".fcli").mkdir(parents=True)
    (home / ".fcli/config.yaml").write_text("report: false\n")  # no telemetry
    return Deployer([fun, "deploy", "-y"], home, compute, _of_fun, port=9123)


def by_serverless_devs(components, home, compute):
    """Return the deployer who runs what `make deploy FC=3` runs."""
    cached = home / ".s/components/devsapp.cn/v3"
    cached.mkdir(parents=True)
    for name in COMPONENTS:
        shutil.copytree(components / name, cached / name)
    command = [sys.executable, "-m", "deploy.serverless_devs"]
    authority = PrivateCa(home / "authority")
    served = authority.sign(*SERVED)

    def variables(_):
        return {
            "NODE_EXTRA_CA_CERTS": str(authority.pem),
            "NODE_OPTIONS": f"--require {LOOPBACK_NAMES}",
        }

    return Deployer(command, home, compute, variables, port=443, served=served)


class Deployer:
    """Somebody with a tool, an access key, and nothing else of this machine.

    `variables(endpoint)` are those by which the tool finds the stand-in at its port.
    With `served`, files with a certificate and its key, that port speaks TLS.
    """

    def __init__(self, command, home, compute, variables, *, port, served=None):
        self._command, self._home, self._compute = command, home, compute
        self._variables, self._port, self._served = variables, port, served

    def deploy(self, folder):
        """Run the tool; return the exit code and all it said."""
        if may_unshare_network():
            return self._deploy_in_own_network(folder)
        endpoint = f"http://127.0.0.1:{self._compute.port}"
        return _outcome(self._start(self._command, folder, endpoint))

    def _deploy_in_own_network(self, folder):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            script = [
                sys.executable,
                own_network.__file__,
                str(theirs.fileno()),
                str(self._port),
                folder,
            ]
            command = ["unshare", "-n", *script, *self._command]
            endpoint = f"http://127.0.0.1:{self._port}"
            process = self._start(command, folder, endpoint, keep=[theirs.fileno()])
            theirs.close()
            _, (descriptor,), *_ = socket.recv_fds(ours, 16, 1)
        listener = socket.socket(fileno=descriptor)
        if self._served:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*self._served)
            listener = context.wrap_socket(listener, server_side=True)
        self._compute.serve(listener)
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
                **self._variables(endpoint),
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


def may_unshare_network():
    """Tell whether this user may give a program a network of its own."""
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return tried.returncode == 0
