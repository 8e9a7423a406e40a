"""The deployed gateway as its callers see it, on the custom domain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import urlencode, urlsplit

import urllib3

from tests.deployment.deployer import ROOT, build
from tests.deployment.function_compute import events
from tests.deployment.function_compute.server import Request
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.deployment.function_compute.triggers import target_of

DOMAIN = "gateway.example.com"
SERVICE = "wechat_gateway"


class Gateway:
    """Checkout, platform and domain of one deployment."""

    def __init__(self, *, compute, deployer, tree, python, settings, sandbox_url):
        self.compute, self.deployer, self.tree = compute, deployer, tree
        self.settings = settings
        self._python, self._sandbox_url = python, sandbox_url
        self._http = urllib3.PoolManager(retries=False, timeout=60)
        self.url = f"http://127.0.0.1:{compute.port}"

    def build(self):
        """Build with the deployment's settings; return what the build said."""
        done = build(self.tree, self._python, **self.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self):
        """Run fun; return its exit code, what it said, and the requests it made."""
        before = len(self.compute.control.seen)
        code, said = self.deployer.deploy(self.tree)
        return code, said, self.compute.control.seen[before:]

    def request(self, method, path, *, body=None, host=DOMAIN, **headers):
        """Ask by the custom domain, without following redirects."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(
            method,
            self.url + path,
            body=body,
            headers={"host": host, **names},
            redirect=False,
        )

    def ask(self, method, target, **headers):
        """Return status, header pairs and JSON of a request by the custom domain."""
        answer = self.request(method, target, **headers)
        return answer.status, list(answer.headers.iteritems()), as_json(answer.data)

    def ask_by_event(self, method, target, *, body=b"", **headers):
        """The same in FC 3.0's form, of the function that the domain routes to."""
        names = [(name.replace("_", "-"), value) for name, value in headers.items()]
        pairs = [("host", DOMAIN), *names]
        request = Request(method, target, pairs, body, "192.0.2.7")
        (_, function), _, _ = target_of(self.compute.control, request)
        instance = self.instance(function)
        status, said, content = events.request(
            instance, method, target, headers=pairs, body=body
        )
        return status, list(said.items()), as_json(content)

    def sandbox(self, method, path, content=None):
        """Call the simulated platform's control plane."""
        url = f"{self._sandbox_url}/_sandbox{path}"
        answer = self._http.request(method, url, json=content)
        assert answer.status == 200, answer.data
        return json.loads(answer.data or b"null")

    def open_wechat(self, url, **fields):
        """Open an address in WeChat's browser, or post a form there."""
        agent = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50 Language/zh_CN"
        form = {"content-type": "application/x-www-form-urlencoded"} if fields else {}
        return self._http.request(
            "POST" if fields else "GET",
            url.partition("#")[0],
            body=urlencode(fields) or None,
            headers={"user-agent": agent, **form},
            redirect=False,
        )

    def manage(self, *words, typed=""):
        """Run manage.py through the function admin; return its JSON."""
        done = subprocess.run(
            [
                sys.executable,
                ROOT / "manage.py",
                *words,
                "--json",
                "--endpoint",
                self.url,
            ],
            env={
                "PATH": os.environ["PATH"],
                "ACCESS_KEY_ID": KEY_ID,
                "ACCESS_KEY_SECRET": KEY_SECRET,
            },
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr + self.compute.log.read_text()
        return json.loads(done.stdout)

    def instance(self, function):
        """Return the running instance of a function, as FC would choose it."""
        return self.compute.instances.of(SERVICE, function)


def path_of(url):
    """Return path and query of an address, to be asked for on the domain."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def as_json(text):
    """Return an answer's JSON, or None where it is something else."""
    try:
        return json.loads(text)
    except ValueError:
        return None
