"""A local host whose Redis keys and WeChat answers a test can change."""

from __future__ import annotations

import json

from redis import Redis

from tests.support.developer_host import DeveloperHost


class HostWithFaults(DeveloperHost):
    """A local host whose flows can be forgotten, and whose WeChat fails."""

    def remove_keys(self, pattern):
        """Remove the keys of a pattern, as Redis does when their time is over."""
        settings = self.folder / ".local" / "settings.json"
        url = json.loads(settings.read_text("utf-8"))["REDIS_URL"]
        with Redis.from_url(url) as redis:
            keys = list(redis.scan_iter(pattern))
            assert keys, f"there is no {pattern}"
            redis.delete(*keys)

    def add_fault(self, **fault):
        """Let WeChat's next call, or `times` of them, of a `path` go wrong."""
        self.sandbox("POST", "/_sandbox/faults", fault)
