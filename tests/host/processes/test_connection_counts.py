"""Connections shared by the processes on one port."""

import os
from collections import Counter
from contextlib import ExitStack

from host.processes.connection_counts import ConnectionCounts
from tests.support.local_hosts import SITE, LocalHost, eventually

GET = b"GET /answers/process HTTP/1.1\r\nHost: a\r\n\r\n"
OPTIONS = ("--port=0", f"--template={SITE}", "--timeouts=false", "--processes=2")


def process_of(connection):
    """Return the process that serves a connection."""
    connection.sendall(GET)
    return connection.recv(65536).rpartition(b"\n")[2]


def test_connections_that_come_at_once_are_shared(tmp_path):
    """Of 64 at once each of two processes gets about half."""
    with LocalHost(tmp_path, *OPTIONS) as host, ExitStack() as stack:
        seen = set()  # until both are ready; what is open goes to one of them
        more = (stack.enter_context(host.connect()) for _ in range(1000))
        eventually(lambda: seen.add(process_of(next(more))) or len(seen) == 2)
        connections = [stack.enter_context(host.connect()) for _ in range(64)]
        shares = Counter(map(process_of, connections))

    assert (2, 64) == (len(shares), shares.total())
    assert max(shares.values()) <= 44


def test_the_count_of_a_process_is_seen_by_the_others():
    """It is least until another one has fewer; one that is away counts for nothing."""
    counts = ConnectionCounts(2)
    first = counts.of_process(1)
    first.set(7)
    assert first.is_least()
    reader, writer = os.pipe()
    if not (pid := os.fork()):
        try:
            counts.of_process(2).set(3)
            os.write(writer, b"x")
        finally:
            os._exit(0)
    os.read(reader, 1)
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)
    assert not first.is_least()
    counts.of_process(2)  # it starts again, and accepts nothing yet

    assert first.is_least()
