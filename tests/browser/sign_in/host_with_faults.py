"""A local host whose Redis keys and WeChat answers a test can change."""

from __future__ import annotations

import json

from redis import Redis

from tests.support.developer_host import DeveloperHost


class HostWithFaults(DeveloperHost):
    """A local host whose flows can be forgotten, and whose WeChat fails."""

    def reset(self):
        """Begin anew: WeChat as it was, and no limit that other tests have used."""
        super().reset()
        with self._redis() as redis:
            for key in redis.scan_iter("gateway:limit:*"):
                redis.delete(key)

    def remove_keys(self, pattern):
        """Remove the keys of a pattern, as Redis does when their time is over."""
        with self._redis() as redis:
            redis.delete(*_keys(redis, pattern))

    def expire_keys(self, pattern, *, milliseconds):
        """Let the keys of a pattern live for this time from now on."""
        with self._redis() as redis:
            for key in _keys(redis, pattern):
                redis.pexpire(key, milliseconds)

    def _redis(self):
        settings = self.folder / ".local" / "settings.json"
        url = json.loads(settings.read_text("utf-8"))["REDIS_URL"]
        return Redis.from_url(url)

    def add_fault(self, **fault):
        """Let WeChat's next call, or `times` of them, of a `path` go wrong."""
        self.sandbox("POST", "/_sandbox/faults", fault)


def _keys(redis, pattern):
    keys = list(redis.scan_iter(pattern))
    assert keys, f"there is no {pattern}"
    return keys
