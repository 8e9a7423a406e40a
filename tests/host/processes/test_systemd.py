"""Sockets that systemd has opened, and the word that the host is ready."""

import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest
import urllib3

from host.cannot_start import CannotStart
from host.processes.systemd import inherited_sockets, ready_notice
from tests.support.local_hosts import (
    ROOT,
    SETTINGS,
    SITE,
    TIMEOUT,
    HeldRequest,
    LocalHost,
    children_of,
    eventually,
)
from tests.support.passed_sockets import passing
from tests.support.ports import free_port

OPTIONS = (f"--template={SITE}", "--timeouts=false")


def names_of(environ):
    return {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", **environ}


@pytest.mark.parametrize(
    "environ", [{"LISTEN_PID": "1"}, {"LISTEN_FDS": ""}, {"LISTEN_FDS": "many"}]
)
def test_what_is_meant_for_another_process_is_not_taken(environ):
    """Its variables go all the same, so that no child takes them for its own."""
    found = {**names_of(environ), "LISTEN_FDNAMES": "a"}

    assert ([], {}) == (inherited_sockets(found), found)


def test_a_listening_socket_is_taken():
    """Neither does it block, nor do the programs that the host starts get it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = os.dup(listening.fileno())
        os.set_inheritable(place, True)
        (found,) = inherited_sockets(names_of({}), first=place)
        with found:
            assert (False, 0.0) == (found.get_inheritable(), found.gettimeout())
            assert listening.getsockname() == found.getsockname()


def test_what_does_not_listen_is_refused():
    """A connection, or a closed descriptor, ends the start with its reason."""
    with socket.socket() as connection:
        for place in (connection.fileno(), 999):
            with pytest.raises(CannotStart, match=f"descriptor {place} is no listen"):
                inherited_sockets(names_of({}), first=place)


@pytest.mark.parametrize("name", ["{}/notice", "@{}"])
def test_the_supervisor_is_told_once(tmp_path, name):
    """At a path, or at a name in Linux' abstract namespace."""
    place = name.format(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind("\0" + place[1:] if place[0] == "@" else place)
        supervisor.settimeout(TIMEOUT)
        environ = {"NOTIFY_SOCKET": place}
        ready_notice(environ)()
        assert ({}, b"READY=1") == (environ, supervisor.recv(100))

    ready_notice({})()  # nobody wants to know


@pytest.mark.parametrize("processes", [1, 2])
def test_systemd_starts_it_at_the_first_request(tmp_path, processes):
    """By systemd's own tool, which keeps the socket open."""
    tool = shutil.which("systemd-socket-activate")
    if not tool:
        pytest.skip("no systemd-socket-activate")
    port = free_port()
    named = [f"--setenv={name}={value}" for name, value in SETTINGS.items()]
    command = [tool, f"--listen=127.0.0.1:{port}", *named]
    program = [sys.executable, ROOT / "local_host.py", f"--processes={processes}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *program, "--port=1", *OPTIONS],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        written = (tmp_path / "log").read_text
        eventually(lambda: "Listening on" in written())
        answer = urllib3.request(
            "GET", f"http://127.0.0.1:{port}/answers/tag", timeout=TIMEOUT
        )
        assert (200, f"ready http://127.0.0.1:{port}") == (
            answer.status,
            next(each for each in written().splitlines() if each.startswith("ready")),
        )
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(TIMEOUT)
    assert 0 == code, written()


@pytest.mark.parametrize("processes", [1, 2])
def test_two_hosts_share_a_socket(tmp_path, processes):
    """The new one starts beside the old one, whose last request is answered."""
    options = (*OPTIONS, f"--processes={processes}")
    with passing("127.0.0.1") as (listening, passed):
        folders = [tmp_path / name for name in ("old", "new")]
        for folder in folders:
            folder.mkdir()
        old = LocalHost(folders[0], *options, **passed)
        with old.wait_until_ready():
            held = HeldRequest(old)
            with LocalHost(folders[1], *options, **passed) as new:
                old.process.send_signal(signal.SIGTERM)
                answers = {new.get("/answers/tag").status for _ in range(20)}
                still_waiting = held.is_waiting()
                held.release()
                codes = [old.process.wait(20), new.end(signal.SIGTERM)]
        # It is open still, though nobody accepts: requests wait for the next host.
        with socket.create_connection(listening.getsockname(), TIMEOUT):
            pass

    assert (True, b"plain") == (still_waiting, held.wait())
    assert ({200}, [0, 0]) == (answers, codes)


def test_a_local_socket_is_served(tmp_path):
    """With its permissions only the proxy's group can reach the host."""
    place = str(tmp_path / "gateway")
    with passing(place) as (_, passed):
        host = LocalHost(tmp_path, *OPTIONS, **passed)
        eventually(host.has_been_ready)
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(place)
            caller.sendall(b"GET /answers/tag HTTP/1.0\r\nHost: a\r\n\r\n")
            answer = b"".join(iter(lambda: caller.recv(65536), b""))
        code = host.end(signal.SIGTERM)

    assert (b"HTTP/1.1 200 OK", True, 0) == (
        answer.splitlines()[0],
        answer.endswith(b"plain"),
        code,
    )
    assert f"ready unix:{place}\n" in host.output.read_text()


def test_a_reload_would_lose_it(tmp_path):
    """So --debug is refused."""
    with passing("127.0.0.1") as (_, passed):
        host = LocalHost(tmp_path, *OPTIONS, "--debug", **passed)
        code = host.process.wait(20)

    assert 1 == code
    assert "--debug reloads the host, which would lose LISTEN_FDS." in host.log()
    assert [] == children_of(host.process.pid)
