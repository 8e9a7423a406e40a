"""Connection pools of redis-py that tell whether a command was sent.

redis-py alone would repeat a command whose answer was lost, though Redis may have run
it. It is imported only when a process connects.
"""

from __future__ import annotations

import time
from typing import Any

from redis.connection import ConnectionPool
from redis.sentinel import SentinelConnectionPool

TRUSTED_SECONDS = 15.0
"""How long a connection may have been idle: Function Compute freezes an instance
between requests, and its connections may die meanwhile without notice."""


class Pool(ConnectionPool):
    """The connections to a single server, or to a node of a cluster.

    It marks the errors with which it has no connection to offer: its caller has not
    sent a command then. A connection that was idle for too long, by either clock, is
    replaced: while a process is frozen, one may stand still.
    """

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """Return a connection that is open."""
        try:
            connection: Any = super().get_connection(*arguments, **options)
            if _idle_seconds(connection) > TRUSTED_SECONDS:
                self._replace(connection)
        except Exception as error:
            vars(error).update(is_unsent=True)
            raise
        return connection

    def release(self, connection: Any) -> None:
        """Take a connection back."""
        connection.idle_since = time.monotonic(), time.time()
        super().release(connection)

    def use(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many wait for one."""
        return len(self._in_use_connections), len(self._available_connections)

    def _replace(self, connection: Any) -> None:
        connection.disconnect()
        try:
            connection.connect()
        except BaseException:
            self.release(connection)
            raise


class SentinelPool(Pool, SentinelConnectionPool):
    """The connections to the server that Sentinel calls the master."""


def use_of(client: Any) -> tuple[int, int]:
    """Return the use of a client's pool; of a cluster's, of those of all nodes."""
    nodes = getattr(client, "nodes_manager", None)
    if nodes is None:
        pools = [client.connection_pool]
    else:
        made = [each.redis_connection for each in nodes.nodes_cache.values()]
        pools = [each.connection_pool for each in made if each]
    uses = [each.use() for each in pools if isinstance(each, Pool)]
    return sum(used for used, _ in uses), sum(idle for _, idle in uses)


def is_unsent(error: BaseException | None) -> bool:
    """Tell whether the command that failed had not been sent."""
    # A cluster's client raises an error of its own while it handles that of a pool.
    while error is not None:
        if getattr(error, "is_unsent", False):
            return True
        error = error.__context__
    return False


def _idle_seconds(connection: Any) -> float:
    now = time.monotonic(), time.time()
    since = getattr(connection, "idle_since", now)
    return max(now[0] - since[0], now[1] - since[1])
