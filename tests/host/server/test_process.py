"""The host as a process: its start, and nothing left at its end."""

import os
import shutil
import signal
import socket
import sys

import pytest

from host.developer.embedded_redis import find_server
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.state.deployment import KEY as DEPLOYMENT
from tests.support.local_hosts import (
    ROOT,
    SETTINGS,
    SITE,
    LocalHost,
    children_of,
    eventually,
    runs,
)
from tests.support.ports import free_port

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
OPTIONS = ("--port=0", f"--template={SITE}")


def start_bare(tmp_path, **more):
    """Start a host with nothing set, which starts a Redis and a sandbox."""
    return LocalHost(tmp_path, "--port=0", f"--sandbox_port={free_port()}", **more)


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_host(tmp_path, number):
    """All children end with the host, however it ends."""
    host = start_bare(tmp_path, environment={})
    with host:
        started = children_of(host.process.pid)
        code = host.end(number)

    assert 2 == len(started)
    assert code == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    eventually(lambda: not any(map(runs, started)))


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_start_that_is_interrupted(tmp_path, number):
    """A signal before the host listens ends its children too."""
    host = start_bare(tmp_path, environment={})
    started = []
    eventually(lambda: started.extend(children_of(host.process.pid)) or started)
    code = host.end(number)

    assert (130, "") == (code, host.log())
    eventually(lambda: not any(map(runs, started)))


@linux
def test_a_taken_port_starts_nothing(tmp_path):
    """A port in use is reported in one sentence, with exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        host = LocalHost(tmp_path, f"--port={port}", environment={})
        code = host.process.wait(20)

    (said,) = host.log().splitlines()
    assert (1, True, True) == (code, str(port) in said, "make run PORT=" in said)
    assert not (tmp_path / ".local").exists()


@linux
def test_a_taken_sandbox_port_leaves_nothing_running(tmp_path):
    """The Redis that was already started is ended."""
    if find_server() is None:
        pytest.skip("no redis-server: the stand-in has no file to look for")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        host = LocalHost(tmp_path, "--port=0", f"--sandbox_port={port}", environment={})
        code = host.process.wait(20)

    (said,) = host.log().splitlines()
    redis_log = (tmp_path / ".local" / "redis" / "server.log").read_text()
    assert (1, True) == (code, "make run SANDBOX_PORT=" in said)
    assert "bye bye" in redis_log


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        pytest.param(["--template=none.yml"], SETTINGS, "none.yml", id="template"),
        pytest.param(["--template=bare.yml"], SETTINGS, "bare.yml", id="no function"),
        pytest.param(["--threads=0"], SETTINGS, "--threads", id="option"),
        pytest.param(["--address=a..b"], SETTINGS, "a..b", id="address"),
        pytest.param(["--log_file_prefix=none/x"], SETTINGS, "none/x", id="log"),
        pytest.param(
            ["--development=false"], {"LOGIN_CLIENT": "a"}, "REDIS_URL", id="settings"
        ),
        pytest.param(
            [], {**SETTINGS, "COOKIE_SECRETS": "1:short"}, "COOKIE_SECRETS", id="secret"
        ),
    ],
)
def test_a_fault_is_one_sentence(tmp_path, arguments, environment, said):
    """A fault is reported without stack and secret, with exit code 1."""
    (tmp_path / "bare.yml").write_text("Resources: {}")
    host = LocalHost(tmp_path, "--port=0", *arguments, environment=environment)
    code = host.process.wait(20)

    assert (1, 1, True) == (code, len(host.log().splitlines()), said in host.log())
    assert "1:short" not in host.log()


def test_a_call_that_hangs_holds_up_nobody(tmp_path):
    """A hanging call gets 502 after its timeout and does not delay the end."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        assert 502 == host.get("/answers/hangs").status
        assert 0 == host.end(signal.SIGTERM)


def test_without_timeouts_a_debugger_has_its_time(tmp_path):
    """With --timeouts=false a call may exceed the template's timeout."""
    with LocalHost(tmp_path, *OPTIONS, "--timeouts=false") as host:
        assert b"plain" == host.get("/answers/slow?1.2").data


def test_a_config_file_is_read(tmp_path):
    """Options come from a Python file, and the log it names rotates."""
    port = free_port()
    (tmp_path / "server.conf").write_text(
        f"port = {port}\ntemplate = {str(SITE)!r}\nlog_file_prefix = 'host.log'\n"
        "log_file_max_size = 400\nlog_file_num_backups = 3\n"
    )
    with LocalHost(tmp_path, "--config=server.conf") as host:
        for _ in range(10):
            host.get("/echo?code=S3CRET")
    logged = (tmp_path / "host.log.1").read_text()  # which nobody rotates any more

    assert f"http://127.0.0.1:{port}" == host.url
    assert "GET /echo?code=*** 200" in logged


@pytest.mark.parametrize(
    ("hops", "shown"), [("0", "127.0.0.1"), ("1", "203.0.113.7"), ("2", "192.0.2.66")]
)
def test_the_log_tells_who_calls(tmp_path, hops, shown):
    """The access log names the client's address by TRUSTED_PROXY_HOPS."""
    environment = {**SETTINGS, "TRUSTED_PROXY_HOPS": hops}
    told = {"X-Forwarded-For": "198.51.100.1, 192.0.2.66, 203.0.113.7"}
    with LocalHost(tmp_path, *OPTIONS, environment=environment) as host:
        request_id = host.get("/echo", **told).headers["X-Fc-Request-Id"]
        eventually(lambda: request_id in host.log())

    assert host.log().rstrip().endswith(f" {request_id} echo {shown}")


def test_a_reload_keeps_what_was_started(tmp_path):
    """A reload in debug mode loads new code and keeps Redis and sandbox."""
    site = tmp_path / "site"
    shutil.copytree(SITE.parent, site)
    function = site / "functions" / "answers" / "index.py"
    options = (f"--template={site / 'template.yml'}", "--debug")
    host = LocalHost(
        tmp_path,
        f"--port={free_port()}",
        f"--sandbox_port={free_port()}",
        *options,
        environment={},
    )
    with host:
        before = children_of(host.process.pid)
        assert b"plain" == host.get("/answers/tag").data
        edit(host, function, function.read_text().replace("plain", "edited"))
        after = children_of(host.process.pid)
        assert b"edited" == host.get("/answers/tag").data
        assert 0 == host.end(signal.SIGTERM)

    assert (2, before) == (len(before), after)
    assert not any(map(runs, before))


def test_a_mended_function_is_served(tmp_path):
    """A function that could not be loaded is watched too."""
    site = tmp_path / "site"
    shutil.copytree(SITE.parent, site)
    options = (f"--port={free_port()}", f"--template={site / 'template.yml'}")
    with LocalHost(tmp_path, *options, "--debug") as host:
        broken = site / "functions" / "broken" / "index.py"
        assert 502 == host.get("/broken").status
        edit(host, broken, (site / "functions" / "echo" / "index.py").read_text())

        assert 200 == host.get("/broken").status


def edit(host, file, text):
    """Change a file and wait until the host has reloaded.

    The first look at a file only notes its time, so that is moved on until seen.
    """
    file.write_text(text)
    times = iter(range(1_000_000_000, 2_000_000_000))
    eventually(
        lambda: os.utime(file, (next(times),) * 2) or host.has_been_ready(2), pause=0.2
    )


def test_it_says_where_it_listens(tmp_path):
    """The host accepts connections when it prints its URL."""
    with LocalHost(tmp_path, *OPTIONS) as host:
        address = host.url.removeprefix("http://").split(":")
        socket.create_connection((address[0], int(address[1])), 5).close()

    assert "127.0.0.1" == address[0]
    assert ROOT != tmp_path


@linux
def test_the_redis_of_another_deployment(tmp_path, redis_server):
    """It is refused at start, in one sentence; when it was taken over, it is used."""
    environment = {**SETTINGS, "REDIS_URL": redis_server.url}
    store = Gateway(settings_from(environment)).redis_store
    store.check_deployment()
    staging = {**environment, "PUBLIC_BASE_URL": "https://staging.example.com"}
    host = LocalHost(tmp_path, *OPTIONS, environment=staging)

    assert 1 == host.process.wait(20)
    assert host.log().startswith(
        "Redis belongs to the deployment of http://127.0.0.1:8080 ("
    )
    assert 1 == len(host.log().splitlines())
    assert environment["PUBLIC_BASE_URL"].encode() == owner(redis_server)

    Gateway(settings_from(staging)).redis_store.take_over()
    with LocalHost(tmp_path, *OPTIONS, environment=staging):
        assert b"https://staging.example.com" == owner(redis_server)


def owner(redis_server):
    with redis_server.client() as client:
        return client.hget(DEPLOYMENT, "public_base_url")


@linux
def test_an_embedded_redis_belongs_to_its_folder(tmp_path):
    """The host may listen on another port each time it starts."""
    for _ in range(2):
        with start_bare(tmp_path, environment={}) as host:
            assert "ok" == host.get("/healthz").json()["redis"]
