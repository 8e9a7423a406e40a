"""Redis clients for a single server, Sentinel, a cluster, a socket and TLS."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CONNECT_SECONDS = 1.0

ANSWER_SECONDS = 1.0
"""After this time Redis counts as away; a blocking command waits for less at once."""

SCHEMES = (
    "redis://",
    "rediss://",
    "unix://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
)

_PORT = 6379

_HOST = re.compile(r"\[?([A-Za-z0-9.:_-]+?)\]?:([0-9]{1,5})")


def connect(url: str, *, ca: bytes = b"") -> Any:
    """Return a client for the URL; nothing is sent yet.

    With TLS the certificates in `ca`, in DER, are trusted as the machine's own are.

    redis:// and rediss:// (TLS) and unix://[user:password@]address[/db]
    redis+sentinel://[user:password@]host:port,host:port/name[?db=0&sentinel_password=]
    redis+cluster://[user:password@]host:port,host:port
    """
    scheme = urlsplit(url).scheme
    if scheme.endswith("+sentinel"):
        return _by_sentinel(url, _trust(url, ca))
    if scheme.endswith("+cluster"):
        return _by_cluster(url, _trust(url, ca))
    from redis import Redis

    from runtime.state.redis_pools import Pool

    return Redis.from_pool(Pool.from_url(url, **_options(), **_trust(url, ca)))


def check_address(url: str) -> None:
    """Raise a ValueError that does not show the URL, if it is malformed."""
    parts = urlsplit(url)
    if "+" in parts.scheme:
        _hosts(url)
        if parts.scheme.endswith("+sentinel") and len(parts.path) < 2:
            raise ValueError("no name that Sentinel knows")
    elif parts.scheme != "unix" and (not parts.hostname or parts.port == 0):
        raise ValueError("no host")


def hosts_of(url: str) -> list[tuple[str, int]]:
    """Return the hosts and ports at which a Redis listens, as far as its URL tells.

    An empty host means any: Sentinel and a cluster name servers that the URL does not.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return []
    if "+" not in parts.scheme:
        return [(parts.hostname or "", parts.port or _PORT)]
    found = _hosts(url)
    ports = {port for _, port in found if parts.scheme.endswith("+cluster")}
    return [*found, *(("", port) for port in sorted({_PORT, *ports}))]


def _by_sentinel(url: str, trust: dict[str, Any]) -> Any:
    from redis import sentinel as untyped

    from runtime.state.redis_pools import SentinelPool

    parts = urlsplit(url)
    arguments = dict(parse_qsl(parts.query))
    # Without a retry of ours redis-py pauses for seconds at each sentinel that is away.
    options = _options() | trust
    if parts.scheme.startswith("rediss"):
        options["ssl"] = True
    if "sentinel_password" in arguments:
        options["password"] = arguments["sentinel_password"]
    make: Any = untyped.Sentinel
    sentinel = make(_hosts(url), sentinel_kwargs=options)
    return sentinel.master_for(
        parts.path[1:],
        connection_pool_class=SentinelPool,
        db=int(arguments.get("db", 0)),
        **_options(),
        **trust,
        **_login(url),
    )


def _by_cluster(url: str, trust: dict[str, Any]) -> Any:
    from redis import cluster as untyped

    from runtime.state.redis_pools import Pool

    node: Any = untyped.ClusterNode
    login = _login(url)
    scheme = "rediss" if login.pop("ssl", False) else "redis"
    (host, port), *others = _hosts(url)
    return untyped.RedisCluster(
        # A pool of our own is possible only with a URL.
        url=f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}",
        startup_nodes=[node(*each) for each in others],
        connection_pool_class=Pool,
        **_options(),
        **trust,
        **login,
    )


def _trust(url: str, ca: bytes) -> dict[str, Any]:
    return {"ssl_ca_data": ca} if ca and url.startswith("rediss") else {}


def _options() -> dict[str, Any]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        # Redis may have run a command whose answer was lost: RedisStore decides.
        "retry": Retry(NoBackoff(), 0),
        # With RESP2 and no name, a new connection sends nothing but a password.
        "protocol": 2,
        "driver_info": None,
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
