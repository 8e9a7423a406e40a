"""A listening socket that is passed to hosts as systemd passes one."""

import contextlib
import socket
import sys

_PROGRAM = """
import os, sys
place = int(sys.argv[1])
if place != 3:
    os.dup2(place, 3)
os.set_inheritable(3, True)
environ = {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execve(sys.argv[2], sys.argv[2:], environ)
"""


@contextlib.contextmanager
def passing(address):
    """Open a socket at an address of this machine, or at a path.

    Yield it, and the arguments of a LocalHost that gets it.
    """
    if "/" in address:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        listening.listen(128)
    else:
        listening = socket.create_server((address, 0), backlog=1024)
    with listening:
        place = listening.fileno()
        before = (sys.executable, "-c", _PROGRAM, str(place))
        yield listening, {"before": before, "keep": [place]}
