"""Token source of custody and of the locks: the same code and URL for both."""

from __future__ import annotations

from functools import lru_cache

from runtime.registry.models import App
from runtime.upstream.transport import pooled_transport
from runtime.wechat.api import WeChat
from runtime.wechat.credentials import RealTokenSource

SECRET = "f" * 32


def token_source(upstream_url: str, appid: str) -> RealTokenSource:
    """Return the app's source, in the mode in which each fetch makes a new token."""
    app = App(appid, "service", SECRET, token_mode="plain")  # noqa: S106 - no secret
    return RealTokenSource(app, _wechat(upstream_url))


@lru_cache
def _wechat(upstream_url: str) -> WeChat:
    return WeChat(upstream_url, pooled_transport(), seconds=5)
