"""Time that has passed for jobs in Redis, whose own clock no test can set."""

from __future__ import annotations

import json

from tests.support.pushes import INBOX


def let_pass(redis, seconds):
    """Move every time that is stored into the past, by this much."""
    by = round(seconds * 1000)
    for name in ("targets", "asked"):
        for member, at in redis.zrange(f"{INBOX}:{name}", 0, -1, withscores=True):
            redis.zadd(f"{INBOX}:{name}", {member: at - by})
    for name, times in (("jobs", "bdx"), ("states", "upr")):
        for field, value in redis.hgetall(f"{INBOX}:{name}").items():
            if value.startswith(b"{"):
                redis.hset(f"{INBOX}:{name}", field, _moved(value, times, by))
    for member in redis.zrange(f"{INBOX}:queue", 0, -1):
        target, place, at, *rest = member.decode().split(":")
        if place == "1":
            moved = ":".join((target, place, f"{int(at) - by:013}", *rest))
            redis.zrem(f"{INBOX}:queue", member)
            redis.zadd(f"{INBOX}:queue", {moved: 0})


def _moved(value, times, by):
    found = json.loads(value)
    return json.dumps(
        {
            name: each - by if name in times and not isinstance(each, bool) else each
            for name, each in found.items()
        }
    )
