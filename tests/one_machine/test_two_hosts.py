"""Two hosts behind nginx with its stock settings, restarted one after the other."""

import signal
import time
from contextlib import ExitStack

import pytest

from tests.one_machine.load import Load
from tests.support.local_hosts import SITE, LocalHost
from tests.support.nginx_server import NginxServer
from tests.support.passed_sockets import passing
from tests.support.ports import free_port

OPTIONS = (f"--template={SITE}", "--processes=2", "--drain_seconds=0.5")
PATHS = (
    ("GET", "/answers/tag"),
    ("POST", "/echo"),
    ("GET", "/answers/slow?0.2"),
)


@pytest.fixture
def hosts(tmp_path):
    """Start hosts, each in a folder of its own, and end them."""
    with ExitStack() as running:
        count = iter(range(100))

        def start(*options, **more):
            folder = tmp_path / f"host-{next(count)}"
            folder.mkdir()
            host = LocalHost(folder, *OPTIONS, *options, **more)
            return running.enter_context(host)

        yield start


def restarted(nginx, running, start_again):
    """Restart each host under load, and each again at once; return the load."""
    load = Load(nginx.request, PATHS)
    with load.under_way():
        for number in (0, 1, 0, 1):
            load.wait_for(40)
            assert 0 == running[number].end(signal.SIGTERM)
            time.sleep(0.3)  # nobody accepts on this machine
            running[number] = start_again(number)
        load.wait_for(40)
    return load


def test_with_a_socket_of_systemd_nothing_is_lost(tmp_path, hosts):
    """Not even a POST, although the only host of a machine is away for a moment."""
    with passing("127.0.0.1") as one, passing("127.0.0.1") as two:
        passed = [each[1] for each in (one, two)]
        places = ["{}:{}".format(*each[0].getsockname()) for each in (one, two)]
        running = [hosts(**each) for each in passed]
        with NginxServer(tmp_path, *places) as nginx:
            load = restarted(nginx, running, lambda number: hosts(**passed[number]))

    assert not load.failed, load.failed
    assert load.answered.total() > 200


def test_without_one_the_drill_finds_a_loss(tmp_path, hosts):
    """nginx leaves a refused host out for ten seconds, and then both."""
    ports = [free_port(), free_port()]
    places = [f"127.0.0.1:{port}" for port in ports]
    running = [hosts(f"--port={port}") for port in ports]
    with NginxServer(tmp_path, *places) as nginx:
        load = restarted(
            nginx, running, lambda number: hosts(f"--port={ports[number]}")
        )

    assert load.failed[502] > 0
