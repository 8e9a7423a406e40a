"""`python -m sandbox` as a process: it starts, says so, and ends at once."""

import http.client
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from tests.support.ports import free_port

COMMAND = (sys.executable, "-m", "sandbox")


def start(*arguments):
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    return connection


def body(connection):
    try:
        return connection.getresponse().read()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_quietly(number):
    """A signal ends it although a long poll is open."""
    port = free_port()
    process = start(f"--port={port}")
    try:
        ready = process.stdout.readline()
        link = "/connect/qrconnect?scope=snsapi_login&redirect_uri=http://127.0.0.1/"
        website = body(ask(port, "/_sandbox/apps")).decode().split('"appid": "')[2][:18]
        page = body(ask(port, f"{link}&appid={website}")).decode()
        uuid = page.split("/connect/qrcode/")[1][:16]
        with closing(ask(port, f"/connect/l/qrconnect?uuid={uuid}")):
            for _ in range(2):  # the poll has been read when these are answered
                body(ask(port, "/_sandbox/clock"))
            process.send_signal(number)
            output = process.communicate(timeout=3)
    finally:
        process.kill()
        process.wait()

    assert ready == f"ready http://127.0.0.1:{port}\n"
    assert (process.returncode, output) == (0, ("", ""))


def test_a_taken_port_gets_a_clear_message():
    """One line that names the port, no stack, and a status that says failure."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(f"--port={port}")
        output, errors = process.communicate(timeout=10)

    assert (process.returncode, output) == (1, "")
    assert errors == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("port", ["99999", "65536", "0", "-1", "eight", ""])
def test_a_port_that_cannot_be_is_refused(port):
    """It names the option and the range; no other port is taken in its place."""
    command = [*COMMAND, f"--port={port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)

    assert (2, "") == (done.returncode, done.stdout)
    said = f"argument --port: a number from 1 to 65535, not {port!r}"
    assert said in done.stderr


def test_the_seed_decides_the_ids():
    """The same seed gives the same apps, another seed others."""
    seen = []
    for seed in ("7", "7", "8"):
        port = free_port()
        process = start(f"--port={port}", f"--seed={seed}")
        try:
            process.stdout.readline()
            seen.append(body(ask(port, "/_sandbox/apps")))
        finally:
            process.terminate()
            process.communicate(timeout=5)

    assert seen[0] == seen[1]
    assert seen[0] != seen[2]
