"""Redis clients for a single server, Sentinel, a cluster, a socket and TLS."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
"""Every blocking command stays below this, or redis-py raises a timeout."""

SCHEMES = (
    "redis://",
    "rediss://",
    "unix://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
)

_HOST = re.compile(r"\[?([A-Za-z0-9.:_-]+?)\]?:([0-9]{1,5})")


def connect(url: str) -> Any:
    """Return a client for the URL; nothing is sent yet.

    redis:// and rediss:// (TLS) and unix://[user:password@]address[/db]
    redis+sentinel://[user:password@]host:port,host:port/name[?db=0&sentinel_password=]
    redis+cluster://[user:password@]host:port,host:port
    """
    scheme = urlsplit(url).scheme
    if scheme.endswith("+sentinel"):
        return _by_sentinel(url)
    if scheme.endswith("+cluster"):
        return _by_cluster(url)
    from redis import Redis

    return Redis.from_url(url, **_options())


def check_address(url: str) -> None:
    """Raise a ValueError that does not show the URL, if it is malformed."""
    parts = urlsplit(url)
    if "+" in parts.scheme:
        _hosts(url)
        if parts.scheme.endswith("+sentinel") and len(parts.path) < 2:
            raise ValueError("no name that Sentinel knows")
    elif parts.scheme != "unix" and (not parts.hostname or parts.port == 0):
        raise ValueError("no host")


def _by_sentinel(url: str) -> Any:
    from redis import sentinel as untyped

    parts = urlsplit(url)
    arguments = dict(parse_qsl(parts.query))
    shared = _options()
    # Without a retry of ours redis-py pauses for seconds at each sentinel that is away.
    options: dict[str, Any] = {
        "socket_timeout": CONNECT_SECONDS,
        "retry": shared["retry"],
    }
    if parts.scheme.startswith("rediss"):
        options["ssl"] = True
    if "sentinel_password" in arguments:
        options["password"] = arguments["sentinel_password"]
    make: Any = untyped.Sentinel
    sentinel = make(_hosts(url), sentinel_kwargs=options)
    return sentinel.master_for(
        parts.path[1:], db=int(arguments.get("db", 0)), **shared, **_login(url)
    )


def _by_cluster(url: str) -> Any:
    from redis import cluster as untyped

    node: Any = untyped.ClusterNode
    nodes = [node(host, port) for host, port in _hosts(url)]
    options = {name: value for name, value in _options().items() if name != "retry"}
    return untyped.RedisCluster(startup_nodes=nodes, **options, **_login(url))


def _options() -> dict[str, Any]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        # Function Compute freezes an instance between requests; connections may die.
        "retry": Retry(NoBackoff(), 1),
        # At most one for each thread; by default redis-py refuses the 101st.
        "max_connections": 1000,
    }


def _hosts(url: str) -> list[tuple[str, int]]:
    addresses = urlsplit(url).netloc.rpartition("@")[2].split(",")
    matches = [_HOST.fullmatch(address) for address in addresses]
    found = [(match[1], int(match[2])) for match in matches if match]
    if len(found) < len(addresses):
        raise ValueError("must name its servers as host:port,host:port")
    return found


def _login(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    login: dict[str, Any] = {"ssl": True} if parts.scheme.startswith("rediss") else {}
    if at:
        login |= {"username": unquote(name) or None, "password": unquote(password)}
    return login
