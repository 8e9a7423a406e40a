"""Entries of the open platform's console for a component, in the console's words."""

from __future__ import annotations

from urllib.parse import urlsplit

from runtime.gateway import Gateway


def push_entries(
    gateway: Gateway, appid: str, *, token: str, key: str
) -> dict[str, str]:
    """Return what the platform needs to push: URLs, and the secrets as given."""
    base = f"{gateway.settings.public_base_url}/wechat_event/{appid}"
    return {
        "授权事件接收 URL": f"{base}/ticket",
        "消息与事件接收 URL": f"{base}/$APPID$",
        "消息校验 Token": token,
        "消息加解密 Key": key,
    }


def domain_entries(gateway: Gateway) -> dict[str, str]:
    """Return the domains and addresses that the platform compares."""
    host = urlsplit(gateway.settings.public_base_url).hostname or ""
    return {
        "登录授权的发起页域名": host,
        "公众号开发域名": host,
        "白名单 IP 地址列表": "the addresses from which this gateway calls WeChat; "
        "61004 names one that is missing",
    }


def rows(entries: dict[str, str]) -> list[dict[str, str]]:
    """Return entries as rows of a table."""
    return [{"field": field, "value": value} for field, value in entries.items()]
