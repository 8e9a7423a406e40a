"""Drill: bucket and Redis are lost, and a backup of the nightly job is restored."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy_files.readers import cron_jobs
from tests.support.documentation import ROOT
from tests.support.drills import (
    PROGRAM,
    Deployment,
    commands_of,
    own_bucket,
    own_sandbox,
    signed_in,
)

PAGE, TITLE = "docs/operating/losses.md", "Bucket and Redis are lost"

READ_ONLY = """
mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
cd "$1" && ! touch probe 2>/dev/null && shift && exec "$@"
"""
"""Runs a command in a folder that nobody can write, root included."""


@pytest.fixture
def server():
    with own_bucket() as running:
        yield running


@pytest.fixture
def deployment(tmp_path, own_redis, server):
    with own_sandbox() as sandbox:
        made = Deployment(tmp_path, sandbox, own_redis.url, **server.settings)
        made.fill()
        yield made


@pytest.fixture
def night(deployment):
    """Let the job run as in the pod: its command, its mounts, a read-only tree."""
    tried = subprocess.run(
        ["unshare", "--mount", "true"], capture_output=True, check=False
    )
    if not shutil.which("unshare") or tried.returncode:
        pytest.skip("no mount namespace: unshare --mount needs root")
    pod = cron_jobs()["backup"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    shell, options, script = pod["containers"][0]["command"]
    backups = deployment.folder / "backups"
    backups.mkdir()
    script = script.replace("/backups", str(backups))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def run():
        within = ["sh", "-ec", READ_ONLY, "sh", str(ROOT), shell, options, script]
        done = subprocess.run(
            ["unshare", "--mount", *within],
            env={**environment, **deployment.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done, sorted(backups.iterdir())

    return run


def test_a_backup_restores_everything(deployment, server, own_redis, night):
    """By the page's commands, until the same user is signed in again."""
    with deployment.host() as host:
        before = json.loads(signed_in(host).data)
    done, (file,) = night()
    assert 0 == done.returncode, done.stderr
    assert "" == done.stdout, "nothing of the documents is in the pod's log"
    assert 0o600 == file.stat().st_mode & 0o777

    server.bucket.objects.clear()
    own_redis.empty()
    for line in commands_of(PAGE, TITLE):
        words = line.removeprefix(PROGRAM).replace("documents-DATE.json", str(file))
        answer = deployment.manage(words)

    assert "faults     -" in answer
    with deployment.host() as host:
        assert before["sub"] == json.loads(signed_in(host).data)["sub"]


def test_a_night_without_the_bucket_fails(deployment, server, night):
    """No file takes the place of a backup, and the job's log says why."""
    server.bucket.is_gone = True
    done, files = night()

    assert 0 != done.returncode
    assert [".part"] == [file.suffix for file in files]
    assert "manage.py: " in done.stderr


def test_a_night_with_a_damaged_document(deployment, server, own_redis, night):
    """The job fails, so that somebody looks; the file has the other documents."""
    name = next(each for each in server.bucket.objects if "/clients/demo/" in each)
    server.bucket.objects[name] = b"{"
    own_redis.empty()  # which still has a copy
    done, (file,) = night()
    content = json.loads(file.read_text())

    assert 1 == done.returncode
    assert ["clients/demo"] == content["unreadable"]
    assert ["apps"] == [each["kind"] for each in content["documents"]]
