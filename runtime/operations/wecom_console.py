"""Entries of WeCom's administration for an app, in the administration's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway

_SIGNS_IN = "sign-in domain (企业微信授权登录, 授权回调域)"


def wecom_entries(
    gateway: Gateway, appid: str, content: Mapping[str, Any]
) -> dict[str, str]:
    """Return the domains and addresses that WeCom compares for an app.

    A secret without an agentid has no domain, and signs nobody in.
    """
    found = {}
    if str(content["name"]).isdigit():
        parts = urlsplit(gateway.settings.public_base_url)
        found["trusted domain (网页授权及JS-SDK, 可信域名)"] = _proved(
            parts.netloc, appid, content
        )
        found[_SIGNS_IN] = parts.netloc
    found["trusted IPs (企业可信IP)"] = _addresses(gateway, appid)
    return found


def push_entries(
    gateway: Gateway, appid: str, *, token: str, key: str
) -> dict[str, str]:
    """Return what WeCom needs to push: the URL, and the secrets as given."""
    return {
        "URL (接收消息服务器URL)": f"{gateway.settings.public_base_url}/wechat_event/"
        f"{appid}",
        "Token": token,
        "EncodingAESKey": key,
    }


def _proved(host: str, appid: str, content: Mapping[str, Any]) -> str:
    if content.get("domain_proofs"):
        return host
    return (
        f"{host}; WeCom gives a file WW_verify_X.txt, which the gateway serves: "
        f"app update {appid} --domain-proof FILE"
    )


def _addresses(gateway: Gateway, appid: str) -> str:
    try:
        refused = gateway.refused_addresses.all().get(appid, "")
    except ServiceUnavailable:
        refused = ""
    if refused:
        return f"{refused}, which WeCom has refused with 60020"
    return (
        "the addresses from which this gateway calls WeCom; "
        "a refusal with 60020 names one that is missing"
    )
