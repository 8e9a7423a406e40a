"""local_host.py as a process of its own, in a folder of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import urllib3

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "host" / "site" / "template.yml"
TIMEOUT = 30
HELD = "/answers/held"
UNDER_WAY = "a held answer is under way"

SETTINGS = {
    "PUBLIC_BASE_URL": "http://127.0.0.1:8080",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "CONFIG_URL": "file:config",
    "MASTER_KEYS": "1:bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=",
    "COOKIE_SECRETS": "1:" + "c" * 32,
    "TOKEN_SECRETS": "1:" + "t" * 32,
    "LOGIN_CLIENT": "demo",
    "WECHAT_API_URL": "http://127.0.0.1:1",
    "WECHAT_OPEN_URL": "http://127.0.0.1:1",
    "WECHAT_MP_URL": "http://127.0.0.1:1",
}
"""A complete set, so that nothing is filled in and nothing started."""


class LocalHost:
    """A host in `folder`; `environment` is all it has besides the system's own.

    `before` is a program that starts it, and inherits the descriptors `keep`.
    """

    def __init__(self, folder, *arguments, environment=SETTINGS, before=(), keep=()):
        self.folder = folder
        self.output, self.errors = folder / "stdout", folder / "stderr"
        kept = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")
        inherited = {name: os.environ[name] for name in kept if name in os.environ}
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*before, sys.executable, ROOT / "local_host.py", *arguments],
                cwd=folder,
                env={**inherited, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                pass_fds=keep,
            )
        self.url = None
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT)

    def __enter__(self):
        return self.wait_until_ready()

    def __exit__(self, failure=None, *_):
        self._http.clear()
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        if failure:
            print(self.log())

    def wait_until_ready(self):
        eventually(lambda: self.has_been_ready() or self.process.poll() is not None)
        assert self.has_been_ready(), self.log()
        first = next(line for line in self._lines() if line.startswith("ready "))
        self.url = first.removeprefix("ready ")
        return self

    def has_been_ready(self, times=1):
        """Tell whether it has said so, this often."""
        return sum(line.startswith("ready ") for line in self._lines()) >= times

    def end(self, number):
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)

    def request(self, method, path, **more):
        return self._http.request(method, self.url + path, redirect=False, **more)

    def get(self, path, **headers):
        return self.request("GET", path, headers=headers or None)

    def log(self):
        return self.errors.read_text()

    def connect(self):
        """Return a connection to it."""
        address, _, port = self.url.removeprefix("http://").partition(":")
        return socket.create_connection((address, int(port)), TIMEOUT)

    def listens(self):
        """Tell whether it takes connections."""
        try:
            self.connect().close()
        except (ConnectionRefusedError, ConnectionResetError):
            return False  # reset: it came into the queue of a socket that is closed
        return True

    def _lines(self):
        return self.output.read_text().splitlines()


class HeldRequest:
    """A request in flight until it is released; `answer` is None if it is lost."""

    def __init__(self, host):
        self.answer = None
        self._host = host
        self._thread = threading.Thread(target=self._ask)
        begun = host.log().count(UNDER_WAY)
        self._thread.start()
        eventually(lambda: host.log().count(UNDER_WAY) > begun)

    def is_waiting(self):
        return self._thread.is_alive()

    def release(self):
        """Let the host answer this request, and all others that are held."""
        release_held(self._host)

    def wait(self):
        self._thread.join(TIMEOUT)
        return self.answer

    def _ask(self):
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            self.answer = self._host.get(HELD).data


def release_held(host):
    """Let a host answer all requests that are held."""
    (host.folder / "release").touch()


def eventually(happened, *, timeout=TIMEOUT, pause=0.01):
    """Wait for what another process does; AssertionError if it does not."""
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(pause)


def children_of(pid):
    """Return the numbers of a process' children."""
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if _stat(number)[1:2] == [str(pid)]]


def runs(pid):
    """Tell whether a process still does anything; a zombie does not."""
    return _stat(pid)[:1] not in ([], ["Z"])


def _stat(pid):
    # pid (name) state parent ...; the name may hold anything
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
