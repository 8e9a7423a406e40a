"""Protocols of systemd: sockets that it has opened, and the word that we are ready.

The sockets are those of sd_listen_fds(3), the word is that of sd_notify(3). Several
hosts may get the same socket: none of its connections is lost when one of them ends.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, MutableMapping
from contextlib import suppress

from host.cannot_start import CannotStart

_FIRST = 3


def inherited_sockets(
    environ: MutableMapping[str, str], *, reloads: bool = False, first: int = _FIRST
) -> list[socket.socket]:
    """Return the listening sockets that were passed to this process; [] if none were.

    Their variables are removed: a child would take them for its own. CannotStart for a
    host that `reloads`, as the program that replaces it would not have them.
    """
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    if reloads:
        raise CannotStart("--debug reloads the host, which would lose LISTEN_FDS.")
    return [_listening(number) for number in range(first, first + int(count))]


def url_of(listening: socket.socket) -> str:
    """Return the URL at which a socket answers; `unix:` and the path of a local one."""
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{name}"
    host, port = name[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def ready_notice(environ: MutableMapping[str, str]) -> Callable[[], None]:
    """Return a function that tells the supervisor once that the host is ready.

    Without a supervisor that wants to know, it does nothing.
    """
    place = environ.pop("NOTIFY_SOCKET", "")

    def tell() -> None:
        if not place:
            return
        address = "\0" + place[1:] if place.startswith("@") else place
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.connect(address)
            sending.sendall(b"READY=1")

    return tell


def _listening(number: int) -> socket.socket:
    found = None
    with suppress(OSError):  # no descriptor, or no socket
        found = socket.socket(fileno=number)
    if not found or not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        if found:
            found.detach()
        raise CannotStart(f"LISTEN_FDS: descriptor {number} is no listening socket.")
    found.setblocking(False)
    found.set_inheritable(False)
    return found
