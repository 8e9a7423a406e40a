"""The host with its Redis open, so that time can be made to pass there."""

from __future__ import annotations

import json

from redis import Redis

from tests.walk.developer_host import DeveloperHost


class WalkedHost(DeveloperHost):
    """A local host whose flows can be forgotten, and whose WeChat fails."""

    def forget(self, pattern):
        """Remove the keys of a pattern, as Redis does when their time is over."""
        settings = self.folder / ".local" / "settings.json"
        url = json.loads(settings.read_text("utf-8"))["REDIS_URL"]
        with Redis.from_url(url) as redis:
            keys = list(redis.scan_iter(pattern))
            assert keys, f"there is no {pattern}"
            redis.delete(*keys)

    def misbehave(self, **fault):
        """Let WeChat's next call, or `times` of them, of a `path` go wrong."""
        self.sandbox("POST", "/_sandbox/faults", fault)
