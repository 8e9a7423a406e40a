"""The example service as a process, and its registration at the demo client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from tests.support.developer_host import ROOT
from tests.support.local_hosts import eventually
from tests.support.manage_process import run_manage
from tests.support.ports import free_port


class ExampleService:
    """examples/business_service.py in the host's folder, on a port of its own."""

    def __init__(self, host):
        port = free_port()
        self.url, self._log = f"http://127.0.0.1:{port}", host.folder / "service.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    str(ROOT / "examples/business_service.py"),
                    f"--port={port}",
                    f"--gateway={host.url}",
                ],
                cwd=host.folder,
                env={"PATH": os.environ["PATH"]},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def __enter__(self):
        line = self._process.stdout.readline()
        if line != f"ready {self.url}\n":
            self._process.kill()
            with self._process:  # no later test is to warn of it
                raise AssertionError(self.log())
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        self._process.stdout.close()
        try:
            assert 0 == self._process.wait(60), self.log()
        finally:
            self._process.kill()  # one that goes on would fail a later test
            self._process.wait()

    def log(self):
        return self._log.read_text()


def register(host, url):
    """Let the demo client sign users in at this address too."""
    demo = _manage(host, "show")
    origins = [f"--origin={each}" for each in (*demo["origins"], url)]
    uris = [*demo["redirect_uris"], f"{url}/signed_in"]
    _manage(host, "update", *origins, *(f"--redirect-uri={each}" for each in uris))
    link = f"/connect/qrconnect?appid=demo&redirect_uri={url}/signed_in"
    link += "&response_type=code&scope=snsapi_login"
    eventually(lambda: host.get(link).status == 200, pause=0.2)


def _manage(host, verb, *options):
    done = run_manage(host.folder, "client", verb, "demo", "--json", *options)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)
