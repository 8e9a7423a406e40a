"""Documents, made for tests: a clock by hand, a store that counts and may be away."""

from __future__ import annotations

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.documents.memory import DocumentMemory
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.store import StoreAway
from runtime.state.redis_store import RedisStore

HUSH = "s3cr3t-of-an-app"
APP = {"kind": "service", "secret": HUSH, "token": "t0ken-of-an-app", "名": "张三"}
KEY, NEWER_KEY = b"m" * 32, b"n" * 32


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class WatchedStore(FolderStore):
    """The real folder, which counts its listings, waits at its gates or is away."""

    def __init__(self, root):
        super().__init__(root)
        self.reads = 0
        self.away = False
        self.gates = {}

    def versions(self, name):
        self.reads += 1
        if gate := self.gates.get(name):
            assert gate.wait(10)
        if self.away:
            raise StoreAway("ListObjects: ConnectTimeoutError")
        return super().versions(name)


class Place:
    """One store and one Redis, on which processes of their own read and write."""

    def __init__(self, root, redis):
        self.root = root
        self.redis = redis
        self.clock = Clock()

    def process(self, *, redis=True, keys=None, **more):
        """Return a process' documents; `.store` and `.memory` are its own."""
        store, memory = WatchedStore(self.root), DocumentMemory(self.clock)
        copies = DocumentCopies(RedisStore(self.redis.client)) if redis else None
        documents = Documents(
            store,
            Envelope(keys or {1: KEY}),
            copies=copies,
            clock=self.clock,
            memory=memory,
            **more,
        )
        documents.store, documents.memory = store, memory
        return documents

    def later(self, seconds):
        """Move the processes' clocks."""
        self.clock.now += seconds

    def due(self, name="apps/wx1"):
        """Let the copy's next reader be the one who compares."""
        with self.redis.client() as client:
            client.hset(f"gateway:document:{{{name}}}", "checked", "0")

    def copy(self, name="apps/wx1"):
        """Return the copy's fields."""
        with self.redis.client() as client:
            return client.hgetall(f"gateway:document:{{{name}}}")
