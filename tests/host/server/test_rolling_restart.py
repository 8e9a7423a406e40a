"""Rolling restart: two hosts are replaced without a lost request."""

import itertools
import signal
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError

from tests.support.local_hosts import SITE, LocalHost, eventually

OPTIONS = ("--port=0", f"--template={SITE}", "--processes=2")
CALLERS = 4
NOTICE = 0.1
"""Seconds between the word that nobody is sent there any more, and the signal."""


class Front:
    """Sends requests to its hosts in turn; to another one where none is taken.

    It keeps connections open, as proxies do, and repeats nothing that was sent.
    """

    def __init__(self, *hosts):
        self.hosts = list(hosts)
        self.answered = self.lost = 0
        self._turn = itertools.count()
        self._http = urllib3.PoolManager(retries=False, timeout=10, maxsize=CALLERS)
        self._counting = threading.Lock()

    def ask(self, path):
        fine = self._passed_on(path)
        with self._counting:
            self.answered += fine
            self.lost += not fine

    def wait_for(self, more):
        """Wait until so many more are answered."""
        enough = self.answered + more
        eventually(lambda: self.answered >= enough)

    def _passed_on(self, path):
        while True:
            hosts = list(self.hosts)
            url = hosts[next(self._turn) % len(hosts)].url
            try:
                return self._http.request("GET", url + path).data == b"plain"
            except NewConnectionError:
                continue
            except HTTPError:
                return False

    def close(self):
        self._http.clear()


@pytest.fixture
def start(tmp_path):
    """Starts a host in a folder of its own."""
    with ExitStack() as hosts:

        def run():
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            return hosts.enter_context(LocalHost(folder, *OPTIONS))

        yield run


@contextmanager
def callers_of(front):
    """Ask all the while, for what is quick and what is slow."""
    over = threading.Event()

    def call():
        for path in itertools.cycle(["tag", "slow?0.05", "tag", "slow?0.3"]):
            if over.is_set():
                return
            front.ask(f"/answers/{path}")

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


def test_no_request_is_lost(start):
    """New hosts replace old ones, which end with 0, without a lost request."""
    first, second = start(), start()
    front = Front(first, second)
    codes = []
    with callers_of(front):
        for old in (first, second):
            front.wait_for(20)
            front.hosts.append(start())
            front.hosts.remove(old)
            time.sleep(NOTICE)
            codes.append(old.end(signal.SIGTERM))
        front.wait_for(20)
    front.close()

    assert ([0, 0], 0) == (codes, front.lost)
