"""A deployment for drills: its own sandbox, its settings, and the pages' commands."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import contextmanager

from tests.end_to_end.visitor import Visitor
from tests.support.documentation import ROOT, code_blocks
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import LocalHost
from tests.support.manage_process import run_manage
from tests.support.oss_server import BUCKET, KEY_ID, KEY_SECRET, OssServer
from tests.support.ports import free_port
from tests.support.sandbox_client import Sandbox, start_sandbox

PROGRAM = ".venv/bin/python manage.py "


@contextmanager
def own_sandbox():
    """Start a simulated WeChat of one's own."""
    process = start_sandbox(free_port())
    try:
        ready = process.stdout.readline()
        assert ready.startswith("ready "), ready
        running = Sandbox(ready.split()[1])
        yield running
        running.pool.clear()
    finally:
        process.terminate()
        process.communicate(timeout=5)


@contextmanager
def own_bucket():
    """Start a strict OSS behind a host that is bound to the bucket."""
    server = OssServer()
    server.bucket.bound_host = "127.0.0.1"
    server.settings = {
        "CONFIG_URL": f"s3://{BUCKET}/gateway",
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "S3_ADDRESSING": "cname",
        "S3_CREATE_ONLY": "oss",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }
    try:
        yield server
    finally:
        server.stop()


class Deployment:
    """The settings of a deployment whose operator has nothing but manage.py."""

    def __init__(self, folder, sandbox, redis_url, **settings):
        self.folder, self.sandbox = folder, sandbox
        self.port = free_port()
        self.environment = make_environ(
            folder,
            redis_url,
            PUBLIC_BASE_URL=f"http://127.0.0.1:{self.port}",
            WECHAT_API_URL=sandbox.url,
            WECHAT_OPEN_URL=sandbox.url,
            WECHAT_MP_URL=sandbox.url,
            PUSH_PRIVATE_NETWORKS="127.0.0.0/8",
            **settings,
        )

    def manage(self, words, *, typed="", code=0):
        """Run manage.py, and return what it prints."""
        done = run_manage(
            self.folder, *shlex.split(words), typed=typed, **self.environment
        )
        assert code == done.returncode, (words, done.stdout, done.stderr)
        return done.stdout

    def fill(self):
        """Add the sandbox's service account and the client of sign-ins, `demo`."""
        app = self.sandbox.app("service")
        words = f"app add {app['appid']} --kind service --secret-stdin"
        self.manage(words, typed=f"{app['secret']}\n")
        self.manage(f"client add Demo --id demo --app {app['appid']}")
        return app

    @contextmanager
    def host(self):
        """Start a host with these settings, whose users come by `sandbox_url`."""
        options = f"--port={self.port}"
        with LocalHost(self.folder, options, environment=self.environment) as running:
            running.http = running._http
            running.sandbox_url = self.sandbox.url
            yield running


def signed_in(host, visitor=None):
    """Sign a user in at the host's own page; return who it takes the user for."""
    visitor = visitor or Visitor(host)
    visitor.sign_in("/login?next=/login/me", to="/login/me")
    return who_is(visitor, host)


def who_is(visitor, host):
    """Return the answer that tells a program who is signed in."""
    wanted = {"Accept": "application/json"}
    return visitor.ask("GET", f"{host.url}/login/me", headers=wanted)


def commands_of(page, title):
    """Return the commands of a section: each line of its blocks of sh."""
    text = (ROOT / page).read_text("utf-8")
    found = re.search(rf"(?ms)^## {re.escape(title)}$(.*?)(?=^## |\Z)", text)
    assert found, title
    lines = [
        line
        for block in code_blocks(found[1], "sh")
        for line in block.splitlines()
        if line
    ]
    assert all(line.startswith(PROGRAM) for line in lines if "manage.py" in line)
    return lines


def run_shell(line, *, folder, environment):
    """Run a line of a page that is not manage.py's; return what it prints."""
    done = subprocess.run(
        ["/bin/sh", "-ec", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout
