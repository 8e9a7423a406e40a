"""Programs that use a client as its documentation says, each as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from tests.support.manage_process import run_manage
from tests.support.ports import free_port
from tests.support.recording_proxy import RecordingProxy, make_certificate

PROGRAMS = Path(__file__).parent / "programs"
MODULE = Path("/usr/lib/apache2/modules/mod_auth_openidc.so")
BEGIN, END = 90, 20
"""Seconds until a program listens, and until it has ended."""


def cache():
    """Return the folder that `make test-clients` fills."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder) / "wechat-gateway" / "clients"


def python():
    """Return the interpreter that has the clients from PyPI."""
    found = cache() / "python" / "bin" / "python"
    if not found.exists():
        missing("the clients from PyPI")
    return found


class Service:
    """A service at `url` that the client's program runs; `registered` is its client.

    Its users sign in by the first app of each of the `kinds`.
    """

    def __init__(self, host, client, folder, *, kinds=("service", "website")):
        self.host, self.client, self.folder = host, client, folder
        self.kinds = kinds
        self.port = free_port()
        # To a browser, this name is another site than the gateway's address.
        self.url = f"http://localhost:{self.port}"
        self.environment = {}
        if client.form_post:
            self._tls = RecordingProxy(
                self.port, certificate=make_certificate(folder, "localhost")
            )
            self.url = f"https://localhost:{self._tls.port}"

    def start(self):
        """Register the client and run the program until it listens."""
        command = self._command()
        if self.client.form_post:
            self._tls.__enter__()
        self.registered = self._register()
        (self.folder / "pasted").write_text(self.registered["paste"])
        self._log = (self.folder / "service.log").open("wb")
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "ISSUER": self.host.url,
                "CLIENT_ID": self.registered["client_id"],
                "SECRET": self.registered.get("secret", ""),
                "HERE": self.url,
                "PORT": str(self.port),
                **self.environment,
                **self.client.environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()
        return self

    def stop(self):
        """End the program and what it has started."""
        if self.client.form_post:
            self._tls.__exit__()
        if not hasattr(self, "_process"):
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(END)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._log.close()

    def log(self):
        """Return what the program has printed."""
        return (self.folder / "service.log").read_text(errors="replace")

    @contextmanager
    def log_on_failure(self, user):
        """Print where the user is, and the log, if the rest of the test fails."""
        try:
            yield
        except BaseException:
            print(user.visited, user.tab.inner_text("body")[:2000], self.log())
            raise

    def _register(self):
        # Several tests may run the same client.
        words = ["client", "add", f"{self.client.title} {self.port}", "--json"]
        words += [f"--redirect-uri={self.url}{path}" for path in self.client.back]
        words += [f"--preset={self.client.preset}"]
        if self.client.preset != "generic":
            words += [f"--url={self.url}"]
        if not self.client.is_product:
            words += [f"--post-logout-redirect-uri={self.url}{self.client.left}"]
        for kind in self.kinds:
            words.append(f"--app={self.host.app(kind)['appid']}")
        done = run_manage(self.host.folder, *words, *self.client.options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _command(self):
        make = {"PyPI": self._python, "npm": self._node, "Debian": self._apache}
        return make[self.client.source]()

    def _python(self):
        program = PROGRAMS / self.client.program
        if self.client.name != "oauthenticator":
            return [python(), program]
        # JupyterHub's own proxy is a program for Node.
        proxy = cache() / "node_modules/configurable-http-proxy/bin"
        self.environment["PROXY"] = str(proxy / "configurable-http-proxy")
        return [python(), "-m", "jupyterhub", "-f", program]

    def _node(self):
        node, modules = shutil.which("node"), cache() / "node_modules"
        if node is None or not modules.exists():
            missing("node, or the clients from npm")
        # Node looks for modules beside the program.
        (self.folder / "node_modules").symlink_to(modules)
        shutil.copy(PROGRAMS / self.client.program, self.folder)
        return [node, self.client.program]

    def _apache(self):
        apache = shutil.which("apache2", path="/usr/sbin:/usr/bin")
        if apache is None or not MODULE.exists():
            missing("apache2 and libapache2-mod-auth-openidc")
        return [apache, "-D", "FOREGROUND", "-f", PROGRAMS / self.client.program]

    def _wait(self):
        ready = f"http://127.0.0.1:{self.port}{self.client.ready}"
        end = time.monotonic() + BEGIN
        while time.monotonic() < end and self._process.poll() is None:
            try:
                answer = self.host.http.request("GET", ready, redirect=False)
            except urllib3.exceptions.HTTPError:
                pass
            else:
                if self.client.ready == "/" or answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(self.log())


def missing(what):
    """Skip aloud."""
    pytest.skip(f"without {what}: make test-clients installs them if it can")


@contextmanager
def make_wechat_port(host, folder):
    """Give the variables by which a program takes the gateway for WeChat's host.

    They do what a hosts file does for a program that may listen on port 443.
    """
    certificate = make_certificate(folder, "api.weixin.qq.com")
    with RecordingProxy(host.port, certificate=certificate) as proxy:
        yield {
            "WECHAT_PORT": str(proxy.port),
            "REQUESTS_CA_BUNDLE": str(certificate),
            "NODE_EXTRA_CA_CERTS": str(certificate),
            "PYTHONPATH": str(PROGRAMS / "hosts_file"),
            "NODE_OPTIONS": f"--require={PROGRAMS / 'hosts_file' / 'hosts.cjs'}",
        }
