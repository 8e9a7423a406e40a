"""Figure 18: how two processes share connections that are opened at once."""

from __future__ import annotations

import re
import select
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.cores import on_all_cores
from bench.load.callers import AnswerReader, get
from bench.load.latency import ME
from bench.load.servers import Server, open_gateway
from bench.load.testbed import open_testbed
from bench.report import Bar, Figure, spread

CONNECTIONS, PROCESSES = 64, 2
TIMEOUT = 30.0

OUTLIERS = 0.1
"""The part of the rounds that does not count for the bar."""

_ESTABLISHED = "01"
_SOCKET = re.compile(r"socket:\[(\d+)\]")


def measure(*, rounds: int) -> list[Figure]:
    """Open connections at once, send a request on each, and count who holds them."""
    with open_testbed() as testbed, ExitStack() as stack:
        settings = testbed.site().settings
        # Nothing is timed, and two processes are there for two cores.
        with on_all_cores():
            processes = f"--processes={PROCESSES}"
            opened = open_gateway(testbed.folder, settings, processes)
            gateway = stack.enter_context(opened)
        connections_held(gateway)  # warms up
        busier = [max(connections_held(gateway)) for _ in range(rounds)]
    return [figure_of(busier)]


def connections_held(gateway: Server) -> Sequence[int]:
    """Open connections, and return how many of them each process holds.

    ConnectionError if that is not all of them.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(CONNECTIONS)]
        for each in opened:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", gateway.port))
        for each in opened:
            _send(each)
        for each in opened:
            _receive(each)
        held = Counter(_holders(gateway))
    counts = [held[pid] for pid in children_of(gateway.pid)]
    if sum(counts) != CONNECTIONS:
        raise ConnectionError(f"{counts} of {CONNECTIONS} connections are held")
    return counts


def _send(connection: socket.socket) -> None:
    if not select.select([], [connection], [], TIMEOUT)[1]:
        raise TimeoutError("no connection")
    connection.settimeout(TIMEOUT)
    connection.sendall(get(ME, Accept="application/json"))


def _receive(connection: socket.socket) -> None:
    reader, status = AnswerReader(), None
    while status is None:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("no answer")
        status = reader.feed(data)


def _holders(gateway: Server) -> Iterator[int]:
    """Yield, for each connection to the gateway, the pid of the process holding it."""
    inodes = _server_sockets(gateway.port)
    for pid in children_of(gateway.pid):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found = _SOCKET.fullmatch(str(entry.readlink()))
            except FileNotFoundError:
                continue
            if found and found[1] in inodes:
                yield pid


def _server_sockets(port: int) -> frozenset[str]:
    """Return the inodes of established connections on the server's side."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    # sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
    fields = (line.split() for line in lines)
    return frozenset(
        each[9]
        for each in fields
        if each[1].endswith(f":{port:04X}") and each[3] == _ESTABLISHED
    )


def children_of(pid: int) -> list[int]:
    """Return the pids of a process' children, sorted."""
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return sorted(number for number in numbers if _parent(number) == pid)


def _parent(pid: int) -> int:
    # pid (name) state parent ...; the name may contain anything
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[1])


def figure_of(busier: Sequence[int]) -> Figure:
    shape = f"{CONNECTIONS} connections at once, {len(busier)} rounds"
    head = ("processes", "the busier one holds", "by round")
    figure = Figure(f"18. Connections shared by two processes: {shape}", head)
    by_round = " ".join(map(str, busier))
    figure.rows.append((str(PROCESSES), spread(busier, ".0f"), by_round))
    counted = sorted(busier)[: len(busier) - int(len(busier) * OUTLIERS)]
    name = f"18. the busier one holds, in {len(counted)} of {len(busier)} rounds"
    figure.bars.append(Bar(name, max(counted), 44, 36, timed=True))
    return figure
