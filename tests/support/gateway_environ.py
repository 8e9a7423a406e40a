"""An environment with all that a gateway requires."""

from __future__ import annotations

import base64
import os

from tests.support.strict_proxy import SWITCH


def make_environ(tmp_path, redis_url, **more):
    """Return a complete environment for a gateway."""
    key = base64.b64encode(b"m" * 32).decode()
    return {
        "PUBLIC_BASE_URL": "https://gateway.example.com",
        "REDIS_URL": redis_url,
        "CONFIG_URL": f"file:{tmp_path}/config",
        "MASTER_KEYS": f"1:{key}",
        "COOKIE_SECRETS": "1:" + "c" * 32,
        "TOKEN_SECRETS": "1:" + "t" * 32,
        "LOGIN_CLIENT": "demo",
        **({"REDIS_WAIT": "poll"} if SWITCH in os.environ else {}),
        **more,
    }
