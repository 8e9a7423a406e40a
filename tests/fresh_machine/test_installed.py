"""The other two ways to install: the image's file system, and the units of systemd.

Both are made on the fresh machine, run as their user without rights on a read-only
file system, and are walked by `make smoke`, which the machine's user types.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
import urllib3

from tests.fresh_machine.conftest import checkout_of
from tests.fresh_machine.roots import Image, copied, run, start, whitelisted
from tests.support.documentation import ROOT
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.redis_server import make_redis
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.unit_manager import USER, read_unit

APP, SECRET = "wx00112233445566aa", "00112233445566aa" * 2
SECONDS = 60


@pytest.fixture
def settings(cloud, tmp_path):
    """All settings of a host, with a Redis of its own and WeChat's own names."""
    redis = make_redis(tmp_path)
    app = {"appid": APP, "kind": "website", "secret": SECRET, "bound": True}
    cloud.control("POST", "/apps", {**app, "callback_domain": "127.0.0.1"})
    yield make_environ(
        tmp_path,
        redis.url,
        PUBLIC_BASE_URL=f"http://127.0.0.1:{free_port()}",
        OIDC_KEY=oidc_key({1: private_key()}),
    )
    redis.stop()


def operate(root, python, folder, environ, user):
    """Add the app and the client of the sign-in page, as the service's user."""
    commands = (
        f"app add {APP} --kind website --secret-stdin <<END\n{SECRET}\nEND",
        f"client add Demo --id demo --app {APP}",
    )
    for each in commands:
        line = f"cd {folder} && {python} manage.py {each}"
        run(
            root,
            f"setpriv --reuid={user} --regid={user} --clear-groups sh -ec '{line}'",
            environ=environ,
        )


def walked(terminal, process, url, log):
    """Wait until the host is ready, and return what `make smoke` says of it."""
    deadline = time.monotonic() + SECONDS
    while not _answers(f"{url}/healthz?quick=1"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return terminal.type(f"cd ~/wechat-gateway; make smoke UNSIGNED=yes URL={url}")


def _answers(url):
    try:
        return urllib3.request("GET", url, retries=False, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def assert_confined(process, user):
    """Check that the host has neither rights nor a file system that it could change."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (root,) = re.findall(
        r"(?m)^\S+ / \S+ (\S+)", Path(f"/proc/{process.pid}/mounts").read_text()
    )

    assert re.findall(r"(?m)^Uid:\t(\d+)\t(\d+)", status) == [(str(user), str(user))]
    assert re.findall(r"(?m)^(?:CapEff|CapBnd):\t(\w+)$", status) == ["0" * 16] * 2
    assert "NoNewPrivs:\t1" in status
    assert "ro" in root.split(",")


def ended(process, log):
    """End a host as its platform does; return its exit code."""
    process.send_signal(signal.SIGTERM)
    code = process.wait(SECONDS)
    assert code in (0, -signal.SIGTERM), log.read_text()


def test_the_root_file_system_of_the_container(machine, terminal, settings, tmp_path):
    """The Dockerfile's instructions, its user, its entry point, a read-only root."""
    context = whitelisted(checkout_of(machine), tmp_path / "context")
    text = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    image = Image(machine, tmp_path, context).build(text)
    url, log = settings["PUBLIC_BASE_URL"], tmp_path / "log"
    environ = {**settings, **image.environ, "CONFIG_URL": "file:.local/config"}
    operate(image.root, "python", "/gateway", environ, image.user)
    options = ["--address=127.0.0.1", f"--port={url.rpartition(':')[2]}"]
    process = start(
        image.root,
        [*image.entrypoint, *options],
        **{"user": image.user, "environ": environ, "folder": "/gateway", "log": log},
        writable=image.volumes,
    )
    try:
        said = walked(terminal, process, url, log)
        assert_confined(process, image.user)
    finally:
        ended(process, log)

    assert "ok           sign-in page: 200" in said
    assert "all checks passed" in said
    written = {each.name for each in (image.root / "gateway").iterdir()}
    assert not written & {"sandbox", "tests", ".git"}


def test_a_unit_of_systemd(machine, terminal, settings, tmp_path):
    """install.sh's tree, the unit's check and program, its user, a passed socket."""
    root = copied(machine, tmp_path / "root")
    made = shutil.ignore_patterns(".venv", ".fun")
    shutil.copytree(checkout_of(machine), root / "src", symlinks=True, ignore=made)
    run(root, "deploy/systemd/install.sh", folder="/src", environ={"DESTDIR": "/made"})
    for name in ("opt", "etc"):
        shutil.copytree(
            root / "made" / name, root / name, dirs_exist_ok=True, symlinks=True
        )
    (version,) = (root / "opt/wechat-gateway/releases").iterdir()
    (root / "opt/wechat-gateway/a").symlink_to(f"releases/{version.name}")
    unit = root / "etc/systemd/system/wechat-gateway@.service"
    service = read_unit(unit)["Service"]
    state = "/var/lib/" + service["StateDirectory"][0]
    (root / state.lstrip("/")).mkdir(mode=0o700)
    os.chown(root / state.lstrip("/"), USER, USER)
    fixed = dict(word.split("=", 1) for word in service["Environment"][0].split())
    environ = {"PATH": "/usr/bin:/bin", **fixed, **settings}
    environ["CONFIG_URL"] = f"file:{state}/config"
    folder = "/opt/wechat-gateway/a"
    operate(root, f"{folder}/.venv/bin/python", folder, environ, USER)
    url, log = settings["PUBLIC_BASE_URL"], tmp_path / "log"
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))) as listening:
        more = {"user": USER, "environ": environ, "folder": folder, "log": log}
        more |= {"writable": [state], "root": root}
        (check,), (program,) = service["ExecStartPre"], service["ExecStart"]
        checked = start(words=check.replace("%i", "a").split(), **more)
        assert 0 == checked.wait(SECONDS), log.read_text()
        words = program.replace("%i", "a").split()
        process = start(words=words, listening=listening, **more)
        try:
            said = walked(terminal, process, url, log)
            assert_confined(process, USER)
        finally:
            ended(process, log)

    assert f"version {version.name}" in said
    assert "ok           sign-in page: 200" in said
    assert "all checks passed" in said
