"""The fresh machine of deploy/fresh_machine.sh, and what stands around it.

Without FRESH_MACHINE=FOLDER, and a mount namespace of their own, these tests are
skipped: `sudo deploy/fresh_machine.sh` runs them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from deploy.package.failed import BuildFailed
from deploy.package.interpreter import find_interpreter
from tests.fresh_machine.cloud import PORTS, TRUST, Cloud
from tests.fresh_machine.front import ADDRESS
from tests.fresh_machine.terminal import Terminal
from tests.support.documentation import ROOT, code_blocks, section

HOME = Path("home/newcomer")
PAGE = ROOT / "docs/deploying.md"


def checkout_of(machine):
    """Return the repository on the machine, as an archive of the commit has it."""
    return machine / HOME / "wechat-gateway"


def _own_mounts():
    own, parents = (
        os.readlink(f"/proc/{who}/ns/mnt") for who in ("self", os.getppid())
    )
    return own != parents


@pytest.fixture(scope="session")
def machine():
    """The folder of the machine, which has been made for this run."""
    given = os.environ.get("FRESH_MACHINE")
    if not given:
        pytest.skip("no FRESH_MACHINE: deploy/fresh_machine.sh makes one")
    if os.geteuid() != 0 or not _own_mounts():
        pytest.skip("no mount namespace of its own: unshare --mount")
    return Path(given)


@pytest.fixture(scope="session")
def python310():
    try:
        return find_interpreter(os.environ)
    except BuildFailed as failed:
        pytest.skip(str(failed))


@pytest.fixture(scope="session")
def fun():
    """The folder of npm's packages with `fun`, as npm has installed it."""
    found = shutil.which("fun") or pytest.skip("no fun")
    return Path(found).resolve().parents[3]


@pytest.fixture(scope="session")
def cloud(machine, python310, tmp_path_factory):
    """All that stands outside of the machine, under its own names."""
    for port in PORTS:
        try:
            socket.create_server((ADDRESS, port)).close()
        except OSError as error:
            pytest.skip(f"port {port} cannot be had: {error.strerror}")
    made = Cloud(tmp_path_factory.mktemp("cloud"), python310)
    made.lead_here()
    (machine / "etc/hosts").write_text("127.0.0.1 localhost\n" + made.hosts)
    shutil.copy(made.trust, machine / TRUST.lstrip("/"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def packages(machine):
    """The page's packages: all are known, and what the page calls is installed."""
    line = next(
        line
        for line in code_blocks(section(PAGE, "The machine"), "sh")[0].splitlines()
        if line.startswith("sudo apt-get install")
    )
    names = line.split()[4:]
    assert ("--yes", "curl") == (line.split()[3], names[1])
    for words in (["install", "--simulate", *names], ["install", "curl"]):
        done = subprocess.run(
            ["chroot", machine, "apt-get", "--yes", "--quiet", *words],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert 0 == done.returncode, done.stderr


@pytest.fixture(scope="session")
def tools(machine, packages, python310, fun):
    """What uv and npm would install in the user's home is there, mounted."""
    # At its own place, for which it may have been linked.
    prefix = Path(python310).resolve().parents[1]
    if prefix == Path("/usr"):
        pytest.skip("CPython 3.10 has no folder of its own that can be mounted")
    for folder in reversed([*prefix.parents][:-1]):
        inside = machine / folder.relative_to("/")
        inside.mkdir(exist_ok=True)
        inside.chmod(inside.stat().st_mode | 0o111)
    mounts = {
        prefix: prefix.relative_to("/"),
        fun: HOME / ".local/lib/node_modules",
    }
    for source, place in mounts.items():
        (machine / place).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", source, machine / place], check=True)
    programs = machine / HOME / ".local/bin"
    programs.mkdir()
    (programs / "python3.10").symlink_to(prefix / "bin/python3.10")
    (programs / "fun").symlink_to("../lib/node_modules/.bin/fun")
    shutil.copy(shutil.which("node"), machine / "usr/local/bin/node")
    owned = [".local", ".local/lib", ".local/bin"]
    if (wheels := ROOT / ".fun/wheels").is_dir():
        shutil.copytree(wheels, checkout_of(machine) / ".fun/wheels")
        owned += ["wechat-gateway/.fun"]
    owner = (machine / HOME).stat()
    for folder in owned:
        os.chown(machine / HOME / folder, owner.st_uid, owner.st_gid)
    return machine


@pytest.fixture(scope="session")
def terminal(tools, cloud):
    """A terminal of the user, who has found nothing on the machine yet."""
    names = ("PIP_CERT", "PIP_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")
    network = {name: os.environ[name] for name in names if name in os.environ}
    trust = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
    environment = {
        **{"HOME": f"/{HOME}", "LANG": "C.UTF-8", "TERM": "dumb"},
        **{"PATH": f"/{HOME}/.local/bin:/usr/local/bin:/usr/bin:/bin"},
        **dict.fromkeys(trust, TRUST),
        **network,
        # Of a machine with other work to do; by default `fun` waits for 10 s.
        "TIMEOUT": "60",
        "FUN_DISABLE_VERSION_CHECK": "1",
    }
    made = Terminal(tools, environment)
    yield made
    made.close()
