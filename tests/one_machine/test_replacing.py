"""An installed version is replaced under load: by a good one, and not by a bad one."""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.settings import settings_from
from tests.conftest import make_redis
from tests.one_machine.load import Load
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import ROOT
from tests.support.nginx_server import NginxServer
from tests.support.ports import free_port
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.unit_manager import USER, UnitManager

PYTHON = "/usr/bin/python3"
APP = "wx" + "a" * 16
PATHS = (
    ("GET", "/login?next=/login/me"),
    ("GET", "/healthz?quick=1"),
    ("POST", "/oidc/token"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=no"),
)


def lacks():
    """Return what is missing to walk the units, or None."""
    if os.geteuid() != 0:
        return "not root"
    for tool in ("unshare", "mount", "systemd-analyze", "nginx", "git", PYTHON):
        if not shutil.which(tool):
            return f"no {tool}"
    mount = ("mount", "-t", "tmpfs", "tmpfs", "/opt")
    tried = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", *mount],
        capture_output=True,
        timeout=20,
    )
    return "no mount namespaces" if tried.returncode else None


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The DESTDIR of an installation from this commit's archive, without .git."""
    if why := lacks():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("installation")
    # Of the files as they are: an archive of them, with a commit of its own.
    tree, source = folder / "tree", folder / "source"
    git = ("git", "-C", tree, "-c", "user.name=a", "-c", "user.email=a@example.com")
    listed = subprocess.run(
        [
            "git",
            "-C",
            ROOT,
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "all"], check=True)
    subprocess.run([*git, "archive", f"--output={source}.tar", "HEAD"], check=True)
    shutil.unpack_archive(f"{source}.tar", source)
    destination = folder / "destination"
    done = subprocess.run(
        [source / "deploy/systemd/install.sh"],
        env={**os.environ, "DESTDIR": str(destination), "PYTHON": PYTHON},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "No matching distribution" in done.stderr or "connection" in done.stderr.lower():
        pytest.skip("no package index")
    assert done.returncode == 0, done.stderr
    return destination


class Machine:
    """The installation, running behind the shipped nginx site."""

    def __init__(self, destination, folder, nginx, manager, settings):
        self._destination = destination
        self.nginx, self.manager = nginx, manager
        self._folder = folder
        self.settings = settings
        script = (ROOT / "deploy/systemd/replace.sh").read_text()
        for place in ("/opt/wechat-gateway", "/etc/wechat-gateway"):
            assert f"={place}\n" in script
            script = script.replace(f"={place}\n", f"={destination}{place}\n")
        self._script = folder / "replace"
        self._script.write_text(script)
        self.releases = destination / "opt/wechat-gateway/releases"
        (self.version,) = (each.name for each in self.releases.iterdir())

    def set(self, **changes):
        """Write gateway.env, as an operator does."""
        lines = {**self.settings, **changes}
        file = self._destination / "etc/wechat-gateway/gateway.env"
        assert (0, 0o600) == (file.stat().st_uid, file.stat().st_mode & 0o777)
        file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def replace(self, *words):
        """Run wechat-gateway-replace; return its exit code and what it says."""
        done = subprocess.run(
            ["bash", self._script, *words],
            env={"PATH": f"{self.manager.tools}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def health(self):
        answer = self.nginx.get("/healthz")
        return answer.status, answer.json()

    def active(self):
        names = ("wechat-gateway@a.service", "wechat-gateway@b.service")
        return [name for name in names if self.manager.is_active(name)]


@pytest.fixture
def machine(installed, tmp_path):
    """A machine with the gateway installed, but not started."""
    redis = make_redis(tmp_path)
    with redis.client() as client:
        client.config_set("requirepass", "the-password")
    settings = make_environ(
        tmp_path,
        f"redis://:the-password@127.0.0.1:{redis.port}/0",
        CONFIG_URL="file:/var/lib/wechat-gateway/config",
        TRUSTED_PROXY_HOPS="1",
        OIDC_KEY=oidc_key({1: private_key()}),
    )
    config = installed / "var/lib/wechat-gateway/config"
    shutil.rmtree(config, ignore_errors=True)
    keys = settings_from(settings).master_keys
    documents = Documents(FolderStore(config), Envelope(keys))
    app = {"kind": "website", "secret": "f" * 32}
    documents.write("apps", APP, app, after=0)
    client = {"name": "Login", "scopes": {APP: ["/*"]}, "secret_hashes": []}
    documents.write("clients", settings["LOGIN_CLIENT"], client, after=0)
    port = free_port()
    folder = tmp_path / "nginx"
    folder.mkdir()
    changes = [("--seconds=30", "--seconds=1")]
    manager = UnitManager(installed, tmp_path, port=port, changes=changes)
    try:
        with NginxServer(folder, f"127.0.0.1:{port}") as nginx:
            made = Machine(installed, tmp_path, nginx, manager, settings)
            made.set()
            yield made
    finally:
        manager.close()
        redis.stop()
        for other in made.releases.glob("*-again"):
            shutil.rmtree(other)


WRONG = {
    "password": {"REDIS_URL": "redis://:wrong@127.0.0.1:{port}/0"},
    "keys": {"MASTER_KEYS": "1:" + "bm5u" * 10 + "bm4="},
}


def test_a_rolling_upgrade(machine):
    """Wrong password, wrong keys and back, and a new version: no request fails."""
    code, said = machine.replace(machine.version)
    assert (0, f"{machine.version} runs as instance a\n") == (code, said), (
        machine.manager.log()
    )
    first = machine.health()
    again = f"{machine.version}-again"
    shutil.copytree(
        machine.releases / machine.version, machine.releases / again, symlinks=True
    )
    (machine.releases / again / "REVISION").write_text("c0ffee" * 6 + "c0ff\n")
    (port,) = {machine.settings["REDIS_URL"].rpartition(":")[2].partition("/")[0]}
    bad = []
    load = Load(machine.nginx.request, PATHS)
    with load.under_way():
        load.wait_for(20)
        for changes in WRONG.values():
            machine.set(**{n: text.format(port=port) for n, text in changes.items()})
            bad.append(machine.replace())
            assert ["wechat-gateway@a.service"] == machine.active()
            load.wait_for(20)
        machine.set()
        good = [machine.replace(), machine.replace(again), machine.replace()]
        load.wait_for(20)
    last = machine.health()
    log = machine.manager.log()

    assert not load.failed, (load.failed, log[-3000:])
    assert [1, 1] == [code for code, _ in bad]
    assert all(f"{machine.version} goes on." in said for _, said in bad)
    assert "would not be well: redis away" in log
    assert "would not be well: login_client unreadable" in log
    assert [(0, "b"), (0, "a"), (0, "b")] == [
        (code, said.split()[-1]) for code, said in good
    ]
    assert (200, "ok") == (first[0], first[1]["login_client"])
    assert (200, "0.2.0+c0ffeec0ffee") == (last[0], last[1]["version"])
    assert {"wechat-gateway@b.service"} == machine.manager.enabled
    assert not [each for each in ("the-password", "bm5u") if each in log]


def test_it_is_walked_by_smoke(machine):
    """`make smoke` passes, at nginx' TLS port; the version has its commit."""
    code, said = machine.replace(machine.version)
    assert 0 == code, said + machine.manager.log()
    done = subprocess.run(
        [sys.executable, "-m", "deploy.smoke", "--unsigned", machine.nginx.url],
        cwd=ROOT,
        env={**os.environ, "SSL_CERT_FILE": str(machine.nginx.certificate)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (0, "all checks passed") == (
        done.returncode,
        done.stdout.strip().splitlines()[-1],
    ), done.stdout
    assert f"version {machine.version}" in done.stdout
    assert f"version {machine.version}, processes 2" in machine.manager.log()
    assert machine.version.startswith("0.2.0+")


ESCAPES = """
import mmap, os, pathlib, socket
def attempt(what):
    try:
        what()
    except (OSError, ValueError) as error:
        return type(error).__name__ if not error.errno else os.strerror(error.errno)
    return "done"
write = lambda path: lambda: pathlib.Path(path).write_text("x")
rwx = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
print({
    "program": attempt(write("local_host.py")),
    "system": attempt(write("/etc/cron.d/x")),
    "root": attempt(lambda: os.listdir("/root")),
    "settings": attempt(lambda: os.listdir("/etc/wechat-gateway")),
    "netlink": attempt(lambda: socket.socket(socket.AF_NETLINK)),
    "code": attempt(lambda: mmap.mmap(-1, 4096, prot=rwx)),
    "root again": attempt(lambda: os.setuid(0)),
    "chroot": attempt(lambda: os.chroot("/tmp")),
    "priority": attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, 5)),
    "state": attempt(write("/var/lib/wechat-gateway/x")),
    "tmp": attempt(write("/tmp/of-the-sandbox")),
    "internet": attempt(lambda: socket.socket()),
    "user": os.getuid(),
})
"""


def test_the_walked_sandbox_holds(machine):
    """What the units deny is denied to the instances above, and no more."""
    assert 0 == machine.replace(machine.version)[0]
    found = ast.literal_eval(machine.manager.run_in_sandbox("a", "-c", ESCAPES))
    allowed = {name for name, outcome in found.items() if outcome == "done"}

    assert {"state", "tmp", "internet"} == allowed, found
    assert USER == found.pop("user")
    # By mounts, by the user and his capabilities, and by the filter of system calls.
    refused = {"Read-only file system", "Permission denied", "Operation not permitted"}
    assert refused == {
        found[name] for name in ("program", "root", "chroot", "priority", "root again")
    }, found
    assert not Path(tempfile.gettempdir(), "of-the-sandbox").exists()


def test_nothing_is_the_services_own(installed):
    """The installation belongs to root, and only root can write to it."""
    open_to_all = [
        each
        for each in (installed / "opt").rglob("*")
        if not each.is_symlink() and (each.stat().st_uid or each.stat().st_mode & 0o022)
    ]
    settings = installed / "etc/wechat-gateway"

    assert [] == open_to_all
    assert 0o700 == settings.stat().st_mode & 0o777
    assert not list((installed / "opt").rglob("pip"))


def test_nothing_is_missing(installed):
    """Every language is compiled, and the runbook is there for the console."""
    (release,) = (installed / "opt/wechat-gateway/releases").iterdir()
    sources = [*ROOT.glob("locale/*/*/*.po"), *ROOT.glob("management/locale/*/*/*.po")]
    compiled = [file.relative_to(ROOT).with_suffix(".mo") for file in sources]

    assert sources
    assert [] == [file for file in compiled if not (release / file).is_file()]
    assert (release / "docs/operating/incidents.md").is_file()
    folders = ("locale", "management")
    assert not [file for each in folders for file in (release / each).rglob("*.po")]
