"""Servers of figure 8: `python -m bench.served NAME PORT` becomes one of them.

Each is one process with as many threads for calls, and writes no line for a request.
"""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from bench.fc import SETTINGS
from host.processes.children import PROJECT

THREADS = 32
CONNECTIONS = 1000

OURS, CONTAINER, GUNICORN = "ours", "Tornado WSGIContainer", "gunicorn gthread"


def main(name: str, port: str) -> None:
    """Serve the small site on this port until a signal comes."""
    {OURS: _ours, CONTAINER: _container, GUNICORN: _gunicorn}[name](port)


def _ours(port: str) -> None:
    options = [
        f"--port={port}",
        f"--threads={THREADS}",
        f"--template={PROJECT / 'bench/site/template.yml'}",
        "--development=false",
        "--logging=none",
    ]
    _become(str(PROJECT / "local_host.py"), *options)


def _gunicorn(port: str) -> None:
    options = [
        f"--bind=127.0.0.1:{port}",
        "--worker-class=gthread",
        f"--threads={THREADS}",
        f"--worker-connections={CONNECTIONS}",
        "--keep-alive=60",
        "--log-level=error",
        "--no-control-socket",
    ]
    _become("-m", "gunicorn", *options, "bench.site.hello:handler")


def _become(*arguments: str) -> None:
    environment = {**os.environ, **SETTINGS}
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606


def _container(port: str) -> None:
    from tornado.httpserver import HTTPServer
    from tornado.wsgi import WSGIContainer

    from bench.site.hello import handler

    async def serve() -> None:
        container = WSGIContainer(handler, executor=ThreadPoolExecutor(THREADS))
        HTTPServer(container).listen(int(port), "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
