"""Load: requests all the while, and how many of them failed."""

import itertools
import threading
from collections import Counter
from contextlib import contextmanager

from urllib3.exceptions import HTTPError

from tests.support.local_hosts import TIMEOUT, eventually

CALLERS = 4


class Load:
    """Callers of a server; `failed` counts answers from 500 on, and missing ones."""

    def __init__(self, ask, paths):
        self._ask, self._paths = ask, paths
        self.answered, self.failed = Counter(), Counter()
        self._over = threading.Event()
        self._counting = threading.Lock()

    def wait_for(self, more):
        """Wait until so many more are answered well."""
        enough = self.answered.total() + more
        eventually(lambda: self.answered.total() >= enough, timeout=2 * TIMEOUT)

    def _call(self):
        for method, path in itertools.cycle(self._paths):
            if self._over.is_set():
                return
            try:
                status = self._ask(method, path).status
            except HTTPError as error:
                status = type(error).__name__
            fine = isinstance(status, int) and status < 500
            with self._counting:
                (self.answered if fine else self.failed)[status] += 1

    @contextmanager
    def under_way(self):
        """Ask during the block."""
        threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join(2 * TIMEOUT)
