"""Commands that the gateway needs of Redis, and the ACL rule that allows just them.

A test compares both lists with the code: with the scripts, and with the calls of
redis_store.py. docs/configuration.md shows the rule.
"""

from __future__ import annotations

from urllib.parse import urlsplit

OWN_KEYS = "~{}:*".format("gateway")
"""The keys of the gateway, as an ACL names them."""

DIRECT = (
    *("del", "eval", "evalsha", "get", "hget", "hgetall", "hincrby", "hlen", "hmget"),
    *("hset", "lindex", "pexpire", "scan", "set", "time"),
)

BLOCKING = "blmove"
"""Only where REDIS_WAIT is `block`."""

IN_SCRIPTS = (
    *("del", "exists", "get", "hdel", "hexists", "hget", "hgetall", "hincrby"),
    *(
        "hincrbyfloat",
        "hkeys",
        "hlen",
        "hmget",
        "hset",
        "hsetnx",
        "incr",
        "lindex",
        "pexpire",
    ),
    *("pttl", "rpush", "set", "time", "xadd", "xdel", "xinfo|stream", "xlen"),
    *("xrange", "xrevrange", "zadd", "zcard", "zlexcount", "zrange", "zrangebylex"),
    *("zrangebyscore", "zrem", "zremrangebylex", "zremrangebyrank"),
    *("zremrangebyscore", "zrevrangebylex", "zscore"),
)

OF_CLUSTER = ("cluster|slots", "command")
"""What redis-py asks a cluster when it connects."""


def acl_rule(url: str, *, blocking: bool = True) -> str:
    """Return what ACL SETUSER must allow the user of this URL, besides a password."""
    commands = {*DIRECT, *IN_SCRIPTS}
    if blocking:
        commands.add(BLOCKING)
    parts = urlsplit(url)
    if parts.scheme.endswith("+cluster"):
        commands |= {*OF_CLUSTER}
    elif _has_database(url):
        commands.add("select")
    allowed = " ".join(f"+{each}" for each in sorted(commands))
    return f"resetkeys {OWN_KEYS} resetchannels -@all {allowed}"


def _has_database(url: str) -> bool:
    parts = urlsplit(url)
    if "db=" in parts.query:
        return True
    is_single = "+" not in parts.scheme and parts.scheme != "unix"
    return is_single and parts.path.strip("/") not in ("", "0")
