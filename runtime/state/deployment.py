"""Deployment: what makes two processes one gateway, so that they may share a Redis.

Staging on production's Redis would accept production's documents, tokens and sessions,
and the other way round. The first deployment that uses a Redis leaves its fingerprint
there; any other one takes that Redis for one that is away, until an operator says
otherwise. One hash per Redis, or per database of it:

    fingerprint      of the deployment that uses it
    public_base_url  of the same, for the operator who has to find it
"""

from __future__ import annotations

import hashlib
from typing import Any

from runtime.errors import OtherDeployment
from runtime.state.redis_calls import run_script

KEY = "gateway:deployment"

LIFE_SECONDS = 90 * 86400.0
"""Longer than anything else lives in Redis; half of it is left at the least."""

# ARGV: fingerprint, public_base_url, life in ms, '1' to take over. Returns what was
# stored, which changes only where there is none, or by a take-over.
_CLAIM = """
local found = redis.call('HMGET', KEYS[1], 'fingerprint', 'public_base_url')
local stored = {found[1] or '', found[2] or ''}
if found[1] and found[1] ~= ARGV[1] and ARGV[4] ~= '1' then return stored end
if found[1] ~= ARGV[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'public_base_url', ARGV[2])
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) / 2 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return stored
"""


class Deployment:
    """The deployment of this process, known by its URL and its bucket.

    Neither changes where a key is rotated or a version is deployed. The path of a
    folder does not count: two machines may have mounted one folder differently.
    `setting` is the one that names the Redis, for the operator.
    """

    def __init__(
        self, *, public_base_url: str, config_url: str, setting: str = "REDIS_URL"
    ) -> None:
        self.public_base_url = public_base_url.rstrip("/")
        place = config_url.rstrip("/") if config_url.startswith("s3://") else "folder"
        named = f"{self.public_base_url.lower()}\n{place}"
        self._setting = setting
        self.fingerprint = hashlib.sha256(named.encode()).hexdigest()[:16]

    def check(self, client: Any) -> None:
        """Raise OtherDeployment if Redis belongs to another one; claim a free one."""
        fingerprint, url = self._claim(client, take_over=False)
        if fingerprint not in ("", self.fingerprint):
            raise OtherDeployment(
                f"Redis belongs to the deployment of {url} ({fingerprint}), and this"
                f" one is {self.public_base_url} ({self.fingerprint}). Give"
                f" {self._setting} a server or a database number of its own; or, if"
                " PUBLIC_BASE_URL or CONFIG_URL of this deployment has changed, run"
                " manage.py redis claim."
            )

    def take_over(self, client: Any) -> str:
        """Let Redis belong to this deployment; return the URL of the one before."""
        _, url = self._claim(client, take_over=True)
        return url

    def _claim(self, client: Any, *, take_over: bool) -> tuple[str, str]:
        life = round(LIFE_SECONDS * 1000)
        arguments = [self.fingerprint, self.public_base_url, life, int(take_over)]
        fingerprint, url = run_script(client, _CLAIM, [KEY], arguments)
        return _text(fingerprint), _text(url)


def _text(stored: bytes) -> str:
    return stored.decode("ascii", "replace")
