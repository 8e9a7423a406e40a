"""Ports for servers that a test starts by number."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _SHARE, _SHARES = 20_000, 1_000, 12
"""Below the ports that the kernel hands out by itself, on Linux as on macOS."""

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# Runs beside each other have the same shares: each process begins elsewhere in its own.
_offsets = itertools.count(os.getpid() * 7)


def free_port() -> int:
    """Return a port that is free, and that no other worker of this run is given."""
    for offset in itertools.islice(_offsets, _SHARE):
        port = _FIRST + _worker % _SHARES * _SHARE + offset % _SHARE
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no port is free")
