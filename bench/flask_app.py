"""Peer of figure 6: a service with Flask, wechatpy and redis-py.

It follows their manuals; nothing connects before a request needs it.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from redis import Redis

flask: Any = importlib.import_module("flask")
wechatpy: Any = importlib.import_module("wechatpy")
storage: Any = importlib.import_module("wechatpy.session.redisstorage")

app = flask.Flask("service")
app.secret_key = os.environ["COOKIE_SECRETS"]
client = wechatpy.WeChatClient(
    "wx" + "5" * 16,
    "f" * 32,
    session=storage.RedisStorage(Redis.from_url(os.environ["REDIS_URL"])),
)


@app.get("/me")  # type: ignore[untyped-decorator]
def me() -> Any:
    """Return the user of Flask's session; 401 without one."""
    if "openid" not in flask.session:
        return {"error": "not_signed_in"}, 401
    return client.user.get(flask.session["openid"])
