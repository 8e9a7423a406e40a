"""deploy/systemd: the units, judged by systemd's own tool, and the scripts."""

import re
import shutil
import subprocess
import sys

import pytest

from host.server.options import parse_options
from runtime.health import COUNT_SECONDS, LOOK_SECONDS
from tests.deploy_files.readers import NEEDED, ROOT, SETTINGS, instruction, run, tool
from tests.support.unit_manager import NOT_WALKED, read_unit

SYSTEMD = ROOT / "deploy/systemd"
UNIT = SYSTEMD / "wechat-gateway@.service"
SOCKET = SYSTEMD / "wechat-gateway.socket"
SCRIPTS = ("install.sh", "replace.sh", "manage.sh")
SERVICE = read_unit(UNIT)["Service"]
PYTHON = "/opt/wechat-gateway/%i/.venv/bin/python"
RUNNING = (ROOT / "docs/running.md").read_text("utf-8")


def verify(folder, *changes):
    """Let systemd judge the units; paths of an installation stand for others."""
    for file in (UNIT, SOCKET):
        text = file.read_text("utf-8")
        for old, new in (
            ("/opt/wechat-gateway/%i/.venv/bin/python", "/bin/true"),
            *changes,
        ):
            text = text.replace(old, new)
        (folder / file.name).write_text(text)
    instance = shutil.copy(folder / UNIT.name, folder / "wechat-gateway@a.service")
    return run(
        tool("systemd-analyze"), "verify", "--man=no", folder / SOCKET.name, instance
    )


def test_systemd_takes_the_units(tmp_path):
    """`systemd-analyze verify` finds nothing, not even an unknown key."""
    assert (0, "") == verify(tmp_path)


def test_it_would_find_a_fault(tmp_path):
    """A misspelt key and a missing program are named."""
    code, said = verify(tmp_path, ("ProtectHome=", "ProtectHomes="))
    assert "Unknown key" in said
    assert "ProtectHomes" in said
    code, said = verify(tmp_path, ("/bin/true local_host.py", "/nowhere/true"))
    assert (1, True) == (code, "/nowhere/true" in said)


def test_it_is_well_shut_in():
    """`systemd-analyze security` gives an exposure below 1.5, where 10 is the most."""
    analyze = tool("systemd-analyze")
    code, said = run(
        analyze, "security", "--offline=true", "--threshold=15", "--no-pager", UNIT
    )
    exposure = float(re.search(r"exposure level[^:]*: ([0-9.]+)", said)[1])

    assert (0, True) == (code, exposure < 1.5), said
    code, _ = run(analyze, "security", "--offline=true", "--threshold=5", UNIT)
    assert code, "the threshold would be noticed"


def test_a_bad_version_never_accepts():
    """The check runs before the host, in its sandbox, and ends before the start."""
    (check,), (start,) = SERVICE["ExecStartPre"], SERVICE["ExecStart"]
    seconds = int(re.search(r"--seconds=(\d+)", check)[1])

    assert "-m host.startup_check" in check
    assert check.split()[0] == start.split()[0]
    assert (
        int(SERVICE["TimeoutStartSec"][0]) > seconds + LOOK_SECONDS + COUNT_SECONDS + 30
    )
    assert ["notify"] == SERVICE["Type"]
    assert [SOCKET.name] == SERVICE["Sockets"]


def test_requests_in_flight_are_finished():
    """systemd waits longer than the host takes to end."""
    words = SERVICE["ExecStart"][0].split()[2:]
    options = parse_options(["local_host.py", "--logging=none", *words])
    takes = options.drain_seconds + options.shutdown_seconds

    assert options.development is False
    assert int(SERVICE["TimeoutStopSec"][0]) > takes
    assert ["mixed"] == SERVICE["KillMode"]


def test_all_settings_have_a_place():
    """The example names what is needed, has no secret, and knows each name."""
    lines = (SYSTEMD / "gateway.env.example").read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    assert (set(), set()) == (NEEDED - set(given), set(given) - set(SETTINGS))
    assert {""} == {given[name] for name in given if SETTINGS[name].repr is False}
    (state,) = SERVICE["StateDirectory"]
    assert given["CONFIG_URL"] == f"file:/var/lib/{state}/config"


def test_what_is_installed_is_what_the_image_has():
    """The script copies the files of the image, and nothing of a developer's."""
    text = (SYSTEMD / "install.sh").read_text("utf-8").replace("\\\n", " ")
    (copied,) = re.findall(r"^tar --create (.+?) \|", text, re.MULTILINE)
    files = {word for word in copied.split() if not word.startswith("-")}
    rules = (ROOT / ".dockerignore").read_text("utf-8").split()
    image = {rule[1:] for rule in rules if rule.startswith("!")}

    assert {"REVISION", "requirements-host.lock", "requirements-catalogues.lock"} == (
        image - files
    )
    assert files <= image
    compiled = re.compile(r"compile --directory \S*?([\w/]+) (--domain \w+)")
    dockerfile = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    installed = compiled.findall(text.replace('"', "").replace("$release/", ""))
    assert installed == compiled.findall(dockerfile) != []
    assert "requirements-dev" not in text
    assert "requirements-host.lock" in instruction("COPY") + text


def test_what_no_test_walks_is_told():
    """The page names the directives that only systemd itself enacts."""
    (told,) = re.findall(r"only systemd itself enacts: (.+)\.\n", RUNNING)

    assert NOT_WALKED == set(re.findall(r"`(\w+)`", told))


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_scripts(name):
    """Bash reads them, they end at the first failure, and they can be run."""
    file = SYSTEMD / name

    assert (0, "") == run("bash", "-n", file)
    assert "\nset -euo pipefail\n" in file.read_text("utf-8")
    assert file.stat().st_mode & 0o111


def test_manage_runs_as_the_service_does():
    """With the service's user, state and settings."""
    text = (SYSTEMD / "manage.sh").read_text("utf-8")
    given = dict(re.findall(r"--property=(\w+)=(\S+)", text))

    for name in (
        "DynamicUser",
        "User",
        "StateDirectory",
        "StateDirectoryMode",
        "UMask",
    ):
        assert [given[name]] == SERVICE[name]
    assert "/etc/wechat-gateway/gateway.env" == given["EnvironmentFile"]


@pytest.mark.parametrize(
    ("sudo", "name"), [({"SUDO_USER": "alice"}, "alice"), ({}, "root")]
)
def test_manage_tells_who_has_called_it(tmp_path, sudo, name):
    """The audit log has the operator, not the user of the service."""
    (tmp_path / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "systemd-run").chmod(0o755)
    done = subprocess.run(
        ["bash", SYSTEMD / "manage.sh", "app", "list"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **sudo},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    (given,) = [
        word.removeprefix("--setenv=")
        for word in done.stdout.splitlines()
        if word.startswith("--setenv=")
    ]
    variable, _, value = given.partition("=")
    assert value == name
    # What getpass looks at first.
    environ = {"LOGNAME": "wechat-gateway", "USER": "wechat-gateway", variable: value}
    asked = run(
        "env",
        *(f"{k}={v}" for k, v in environ.items()),
        sys.executable,
        "-c",
        "import getpass; print(getpass.getuser())",
    )
    assert asked == (0, f"{name}\n")
