"""A program with a hosts file and a network of its own: WeChat is this machine.

    python isolated_network.py DESCRIPTOR HOSTS PROGRAM ARGUMENT...

under `unshare`, in whose network there is nothing but a loopback. The listening
socket of port 443 is made there and handed out through the descriptor: a socket stays
in the network it was made in, whoever accepts on it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def main():
    """Set the loopback up, lay the hosts file over, hand out the port, and go on."""
    descriptor, hosts, *program = sys.argv[1:]
    _raise_loopback()
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    with (
        socket.socket(fileno=int(descriptor)) as out,
        socket.create_server(("127.0.0.1", 443)) as listener,
    ):
        socket.send_fds(out, [b"443"], [listener.fileno()])
    os.execvp(program[0], program)  # noqa: S606 the program that the test named


def _raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_:
        asked = struct.pack("16sh14x", b"lo", 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(any_, _SIOCGIFFLAGS, asked))
        raised = struct.pack("16sh14x", b"lo", flags | _IFF_UP)
        fcntl.ioctl(any_, _SIOCSIFFLAGS, raised)


if __name__ == "__main__":
    main()
