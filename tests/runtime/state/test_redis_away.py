"""The store without Redis: one error, whatever the reason, and the URL stays secret."""

from __future__ import annotations

import logging
import socket
import threading
import traceback

import pytest

from runtime.errors import ServiceUnavailable
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.relay import Relay

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"


def test_after_a_restart_all_is_well(own_redis):
    """The same store finds a restarted server again, and loads its scripts."""
    store = RedisStore(lambda: connect(own_redis.url))
    store.put("a", b"1", seconds=60)
    store.run(ADD, ["n"], [1])
    own_redis.stop()
    with pytest.raises(ServiceUnavailable):
        store.get("a")
    own_redis.start()

    assert 1 == store.run(ADD, ["n"], [1])
    assert store.get("a") is None


COMMANDS = {
    "get": lambda store: store.get("a"),
    "put": lambda store: store.put("a", b"1", seconds=1),
    "add": lambda store: store.add("a", b"1", seconds=1),
    "remove": lambda store: store.remove("a"),
    "wait": lambda store: store.wait("a", seconds=0.1),
    "poll": lambda store: store.wait("a", seconds=1),
    "run": lambda store: store.run(ADD, ["a"], [1]),
}


def make_store(url, command="get"):
    """Return a store; the one for "poll" uses no blocking command."""
    return RedisStore(lambda: connect(url), blocking=command != "poll")


def assert_away(store, command, caplog, *secrets):
    """Check that a command fails as it must, and that nothing shows the URL."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ServiceUnavailable) as caught:
        command(store)

    told = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert 2 == caught.value.retry_after
    assert "redis: " in caplog.text
    assert not any(secret in told + caplog.text for secret in secrets)


@pytest.mark.parametrize("command", COMMANDS)
def test_refused(command, caplog):
    """Nobody listens there: for every command the service is away."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    url = f"redis://:sesame@127.0.0.1:{port}/0"

    store = make_store(url, command)

    assert_away(store, COMMANDS[command], caplog, "sesame", port)


@pytest.mark.parametrize("command", COMMANDS)
def test_killed(own_redis, command, caplog):
    """The server dies under an open connection: the service is away."""
    store = make_store(own_redis.url, command)
    store.get("a")
    own_redis.stop()

    assert_away(store, COMMANDS[command], caplog, str(own_redis.port))


@pytest.mark.parametrize("user", ["", ":wrong", "nobody:wrong"])
def test_wrong_password(own_redis, user, caplog):
    """The log names the kind of error for a wrong or missing password, and no more."""
    own_redis.client().config_set("requirepass", "sesame")
    url = own_redis.url.replace("://", f"://{user}@")

    assert_away(make_store(url), COMMANDS["get"], caplog, "wrong", "nobody")


def test_killed_while_somebody_waits(own_redis, caplog):
    """A wait that is interrupted ends at once: the service is away."""
    store = RedisStore(lambda: connect(own_redis.url))
    timer = threading.Timer(0.2, own_redis.stop)
    timer.start()

    assert_away(store, lambda each: each.wait("a", seconds=4), caplog)
    timer.join()


def test_a_full_redis(own_redis, caplog):
    """A Redis that accepts no more writes is away for writers."""
    store = RedisStore(lambda: connect(own_redis.url))
    own_redis.client().config_set("maxmemory", 1)

    assert_away(store, COMMANDS["put"], caplog)
    assert store.get("a") is None


def test_a_value_of_another_kind(redis_server, caplog):
    """A key of another type raises the same error."""
    store = RedisStore(lambda: connect(redis_server.url))
    redis_server.client().rpush("a", b"1")

    assert_away(store, COMMANDS["get"], caplog)


def test_a_command_on_a_dead_connection_is_repeated(redis_server):
    """FC froze us and the connection is dead, though it does not look so: the command
    is sent once more on a new one."""
    relay = Relay(redis_server.port)
    client = connect(relay.url)
    store = RedisStore(lambda: client)
    store.put("a", b"1", seconds=60)
    relay.cut = True

    assert store.get("a") == b"1"
    assert relay.connections == 2
    client.close()
    relay.close()
