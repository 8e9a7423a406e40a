"""A host of several processes, and callers of it at once."""

import threading

from tests.support.local_hosts import SITE, LocalHost, children_of, eventually

OPTIONS = ("--port=0", f"--template={SITE}", "--timeouts=false")
FRESH = {"Connection": "close"}


class PreforkHost(LocalHost):
    """A host of several processes."""

    def __init__(self, folder, *arguments, size=3, **more):
        super().__init__(folder, *OPTIONS, f"--processes={size}", *arguments, **more)
        self.size = size

    def pids(self):
        return children_of(self.process.pid)

    def wait_for(self, *others):
        """Wait until all run and none of the others does; return their numbers."""
        eventually(
            lambda: len(self.pids()) == self.size and not set(others) & set(self.pids())
        )
        return self.pids()

    def who(self):
        return int(self.get("/answers/process", **FRESH).data)

    def hear_from(self, *pids):
        """Ask until each of these has answered; return all who have, in order."""
        heard = []
        for _ in range(100):
            at_once(lambda: heard.append(self.who()), 8)
            if set(pids) <= set(heard):
                return heard
        raise AssertionError(f"{set(pids) - set(heard)} never answered")


def at_once(work, times):
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
