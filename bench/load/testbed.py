"""Testbed of a figure: a folder, Redis, WeChat, and a core for each side."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.cores import on_core
from bench.load.servers import Server, cpu_of, open_gateway
from bench.load.site import Site, make_site
from bench.processes import Process, empty_redis

SERVER_CORE, LOAD_CORE = 0, 1


class StandIn(Process):
    """A server on the side of the load; it takes orders (orders.py)."""

    def __init__(self, module: str, *arguments: str) -> None:
        super().__init__(module, *arguments)
        self.port: int = self.answer()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pid = self._process.pid

    def order(self, **order: str | int) -> Any:
        """Send an order and return the answer."""
        self.send(**order)
        return self.answer()


@dataclass(frozen=True, slots=True)
class Testbed:
    """The servers around what is measured; `stack` ends them."""

    __test__ = False  # for pytest

    stack: ExitStack
    folder: Path
    redis_url: str
    wechat: StandIn

    def start(self, module: str, *arguments: str) -> StandIn:
        """Start another server on the side of the load."""
        server = StandIn(module, *arguments)
        self.stack.callback(server.end)
        return server

    def distant_redis(self, milliseconds: float) -> StandIn:
        """Return a proxy before Redis, which adds a delay and counts round trips."""
        port = urlsplit(self.redis_url).port
        return self.start("bench.load.redis_proxy", str(port), str(milliseconds))

    def load_cpu(self) -> float:
        """Return the CPU seconds that this process and WeChat have used."""
        return time.process_time() + cpu_of(self.wechat.pid)

    def site(self, redis_url: str = "") -> Site:
        """Return a new site with its documents in a folder."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return make_site(folder, redis_url or self.redis_url, self.wechat.url)

    def gateway(self, site: Site, *options: str) -> Server:
        """Start the gateway on its own core; it runs as long as the testbed."""
        return self.stack.enter_context(self.open_gateway(site.settings, *options))

    @contextmanager
    def open_gateway(
        self, settings: Mapping[str, str], *options: str
    ) -> Iterator[Server]:
        """Run the gateway on its own core."""
        with ExitStack() as stack:
            with on_core(SERVER_CORE):
                opened = open_gateway(self.folder, settings, *options)
                server = stack.enter_context(opened)
            yield server


@contextmanager
def open_testbed() -> Iterator[Testbed]:
    """Yield a testbed; this process runs on the core of the load meanwhile."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(on_core(LOAD_CORE))
        redis_url = stack.enter_context(empty_redis(folder))
        wechat = StandIn("bench.load.wechat")
        stack.callback(wechat.end)
        yield Testbed(stack, folder, redis_url, wechat)
