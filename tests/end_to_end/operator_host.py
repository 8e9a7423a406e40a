"""A host whose admin trigger knows one access key."""

from __future__ import annotations

from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import LocalHost

APPID = "wx0123456789abcdef"
APP_SECRET = "0123456789abcdef" * 2
KEY_ID, KEY_SECRET = "AKoperator", "SK-operators-own"


def start_host(folder, redis_url, *, wechat="http://127.0.0.1:1"):
    """Return a host on complete settings, whose admin trigger knows one key.

    `wechat` is the URL of what it takes for WeChat; without it nothing answers.
    """
    environment = make_environ(folder, redis_url, PUBLIC_BASE_URL="http://a")
    names = ("WECHAT_API_URL", "WECHAT_OPEN_URL")
    platform = dict.fromkeys(names, wechat)
    config = folder / "server.conf"
    config.touch(0o600)
    config.write_text(
        f"access_key_id = {KEY_ID!r}\naccess_key_secret = {KEY_SECRET!r}\n"
    )
    options = ("--port=0", "--config=server.conf")
    return LocalHost(folder, *options, environment={**environment, **platform})
