"""Count of the commands that Redis receives, by MONITOR.

INFO commandstats would also count what scripts call inside the server.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def commands_sent(redis_url: str) -> Iterator[list[Any]]:
    """Yield a list; at the end it holds each command that was sent meanwhile."""
    from redis import Redis

    client: Any = Redis.from_url(redis_url)
    client.ping()  # so that its own greeting is not counted
    observer: Any = Redis.from_url(redis_url)
    sent: list[Any] = []
    with client, observer, observer.monitor() as monitor:
        yield sent
        last = uuid.uuid4().hex
        client.echo(last)
        for each in monitor.listen():
            if last in each["command"]:
                break
            if each["client_type"] != "lua":
                sent.append(each["command"])
