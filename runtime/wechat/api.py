"""WeChat's API, and what its errors say about a token."""

from __future__ import annotations

from runtime.upstream.platform_api import PlatformApi

REJECTED_TOKEN = (40001, 40014, 42001)
"""The errcodes for an access_token that is invalid, where another one may be valid."""


class WeChat(PlatformApi):
    """WeChat's API host."""
