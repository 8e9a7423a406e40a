"""Entries of the platform's consoles for an app, by kind, in the console's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.secret_fields import Sealed
from runtime.gateway import Gateway
from runtime.operations.component_console import domain_entries, push_entries
from runtime.operations.wecom_console import push_entries as wecom_push_entries
from runtime.operations.wecom_console import wecom_entries
from runtime.registry.models import COMPONENT_KIND, WECOM_KIND

_MODES = {True: "safe (安全模式)", False: "plain (明文模式)"}

_ROLLING = ("token", "encoding_aes_key")

_LISTED = (
    "the addresses from which this gateway calls WeChat; "
    "a refusal with 40164 names one that is missing"
)

_MP, _OPEN = "mp.weixin.qq.com", "open.weixin.qq.com"
_WECOM = "work.weixin.qq.com"


def console_of(kind: str) -> str:
    """Return the host of the console in which an app of this kind is set up."""
    if kind == WECOM_KIND:
        return _WECOM
    return _OPEN if kind in ("website", "mobile", COMPONENT_KIND) else _MP


def entries(
    gateway: Gateway,
    appid: str,
    content: Mapping[str, Any],
    *,
    secrets: bool = False,
    pushes: bool = True,
) -> list[dict[str, str]]:
    """Return each field of the console with its value; secrets only if asked for.

    Those of an account's pushes are among them if `pushes` says so.
    """
    kind = content["kind"]
    token, key = _secrets(appid, content, shown=secrets)
    found = _domains(gateway, appid, content)
    if kind == WECOM_KIND:
        found = wecom_entries(gateway, appid, content)
        if pushes:
            found |= wecom_push_entries(gateway, appid, token=token, key=key)
    elif kind == COMPONENT_KIND:
        found = push_entries(gateway, appid, token=token, key=key)
        found |= domain_entries(gateway)
    elif pushes and kind not in ("website", "mobile"):
        found |= _pushes(gateway, appid, content, shown=secrets)
    rolling = [each for each in _ROLLING if f"previous_{each}" in content]
    if rolling:
        names = " ".join(f"previous_{each}" for each in rolling)
        found["previous"] = (
            f"the {' and the '.join(rolling)} of before, accepted until "
            f"app update {appid} --clear {names}"
        )
    return [{"field": field, "value": value} for field, value in found.items()]


def _domains(
    gateway: Gateway, appid: str, content: Mapping[str, Any]
) -> dict[str, str]:
    host = urlsplit(gateway.settings.public_base_url).hostname or ""
    kind = content["kind"]
    if kind == "website":
        return {"callback domain (授权回调域)": host}
    if kind == "miniprogram":
        return {
            "server domains (服务器域名)": f"{gateway.settings.public_base_url}, if "
            "the front end itself calls the gateway",
            "IP whitelist (IP白名单)": f"if it is switched on: {_LISTED}",
        }
    found = {"IP whitelist (IP白名单)": _LISTED}
    if kind == "service":
        found["web authorisation domain (网页授权域名)"] = _proved(host, appid, content)
        js = ", ".join(content.get("js_domains", ())) or "hosts with wx.config"
        found["JS interface domains (JS接口安全域名)"] = js
    return found if kind in ("service", "subscription") else {}


def _proved(host: str, appid: str, content: Mapping[str, Any]) -> str:
    if content.get("domain_proofs") or content.get("mp_verify"):
        return host
    return (
        f"{host}; the console gives a file MP_verify_X.txt, which the gateway serves: "
        f"app update {appid} --domain-proof FILE"
    )


def _pushes(
    gateway: Gateway, appid: str, content: Mapping[str, Any], *, shown: bool
) -> dict[str, str]:
    token, key = _secrets(appid, content, shown=shown)
    return {
        "URL (服务器地址)": f"{gateway.settings.public_base_url}/wechat_event/{appid}",
        "Token (令牌)": token,
        "EncodingAESKey (消息加解密密钥)": key,
        "mode (消息加解密方式)": _MODES[bool(content.get("encoding_aes_key"))],
        "format (数据格式)": "XML or JSON",
    }


def _secrets(appid: str, content: Mapping[str, Any], *, shown: bool) -> list[str]:
    def of(value: Any) -> str:
        if not value:
            return f"not set: app update {appid} --push"
        if isinstance(value, Sealed):
            return f"no master key opens it: app update {appid} --push"
        return str(value) if shown else "set; --secrets shows it"

    return [of(content.get(name)) for name in _ROLLING]
