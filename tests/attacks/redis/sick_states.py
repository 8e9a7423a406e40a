"""Ways in which a running Redis stops serving, each brought about in a real server.

Each returns what cures it.
"""

from __future__ import annotations

from tests.support.ports import free_port

MANY = 12_000
"""Keys that a restart has to read, each in a millisecond."""


def freeze(redis):
    """Let it hang: it takes connections and bytes, and says nothing."""
    redis.freeze()
    return redis.thaw


def load(redis):
    """Let it read a large dump: it answers LOADING meanwhile."""
    with redis.client() as client:
        script = "for i = 1, ARGV[1] do redis.call('SET', 'filler:' .. i, i) end"
        client.eval(script, 0, MANY)
        client.save()
    redis.stop()
    redis.restart_slowly(microseconds_a_key=1000)
    return _nothing


def lose_master(redis):
    """Let it be a replica that gives nothing away without its master: MASTERDOWN."""
    with redis.client() as client:
        client.config_set("replica-serve-stale-data", "no")
        client.replicaof("127.0.0.1", free_port())
    return lambda: _configure(redis, "REPLICAOF", "NO", "ONE")


def fill(redis):
    """Let its memory be used up, with the policy that the docs ask for: OOM."""
    with redis.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
    return lambda: _configure(redis, "CONFIG", "SET", "maxmemory", "0")


def become_replica(redis):
    """Let it be a replica that takes no writes: READONLY."""
    with redis.client() as client:
        client.replicaof("127.0.0.1", free_port())
    return lambda: _configure(redis, "REPLICAOF", "NO", "ONE")


def _configure(redis, *words):
    with redis.client() as client:
        client.execute_command(*words)


def _nothing():
    """Wait: it ends by itself."""


STATES = {
    "frozen": freeze,
    "loading": load,
    "without its master": lose_master,
    "full": fill,
    "read-only": become_replica,
}
