"""Processes of the tests: workers, and a sandbox in WeChat's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import urllib3

from runtime.custody.protocol import Pace
from tests.runtime.custody.worker import SECRET
from tests.support.ports import free_port

ROOT = Path(__file__).parents[3]
USUAL_LEASE = Pace().lease


class Process:
    """One worker process."""

    def __init__(self, redis_url, wechat_url, mode="stable", lease=USUAL_LEASE):
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.runtime.custody.worker",
                redis_url,
                wechat_url,
                mode,
                str(lease),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, **order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def told(self):
        line = self._process.stdout.readline()
        assert line, "a worker has died"
        return json.loads(line)

    def ask(self, **order):
        self.send(**order)
        return self.told()

    def signal(self, number):
        os.kill(self._process.pid, number)

    def end(self):
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Platform:
    """A sandbox process in WeChat's place."""

    def __init__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", f"--port={port}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline().startswith("ready")
        self._pool = urllib3.PoolManager(retries=False, timeout=10)

    def ask(self, method, path, content=None):
        answer = self._pool.request(method, f"{self.url}{path}", json=content)
        assert answer.status == 200, answer.data
        return answer.json()

    def reset(self, *, apps):
        """Remove everything and make this many accounts; return their appids."""
        self.ask("POST", "/_sandbox/reset")
        appids = [f"wx{number:016x}" for number in range(1, apps + 1)]
        for appid in appids:
            content = {"appid": appid, "kind": "service", "secret": SECRET}
            self.ask("POST", "/_sandbox/apps", content)
        self.ask("DELETE", "/_sandbox/journal")
        return appids

    def slow(self, *, seconds, times, mode="stable"):
        """Delay the next token fetches by this time."""
        path = "/cgi-bin/stable_token" if mode == "stable" else "/cgi-bin/token"
        fault = {"path": path, "times": times, "delay_ms": round(seconds * 1000)}
        self.ask("POST", "/_sandbox/faults", fault)

    def fetches(self):
        """Return the appids of all token fetches since the journal was emptied."""
        seen = self.ask("GET", "/_sandbox/journal")
        paths = ("/cgi-bin/stable_token", "/cgi-bin/token")
        return [each["appid"] for each in seen if each["path"] in paths]

    def forget(self):
        self.ask("DELETE", "/_sandbox/journal")

    def advance(self, seconds):
        self.ask("POST", "/_sandbox/clock", {"advance": seconds})

    def accepts(self, token):
        """Tell whether an API call with this token works now."""
        path = f"/cgi-bin/get_api_domain_ip?access_token={token}"
        return "ip_list" in self.ask("GET", path)

    def end(self):
        self._process.terminate()
        self._process.wait(10)
        self._process.stdout.close()
        self._pool.clear()
