"""Program in a network namespace of its own, where the test answers one port.

    unshare -n python own_network.py DESCRIPTOR PORT FOLDER PROGRAM ARGUMENT...

The listening socket is made there and handed out through the descriptor: a socket stays
in the network it was made in, whoever accepts on it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1


def main():
    """Set the loopback up, hand out the port, and become the program."""
    descriptor, port, folder, *program = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        fcntl.ioctl(anything, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
    with (
        socket.socket(fileno=int(descriptor)) as out,
        socket.create_server(("127.0.0.1", int(port))) as listener,
    ):
        socket.send_fds(out, [b"port"], [listener.fileno()])
    os.chdir(folder)
    os.execvp(program[0], program)  # noqa: S606 the program that the test named


if __name__ == "__main__":
    main()
